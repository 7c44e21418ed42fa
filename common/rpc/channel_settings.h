// Settings that client and server must agree on: they ship together. A server that gets pings more
// often than it tolerates hangs up (ENHANCE_YOUR_CALM).
#pragma once

namespace lingkaran {

// Largest message either side takes. Only the receiver refuses: in gRPC 1.51 a message that the
// sender's own limit stops leaves the other side waiting for it.
inline constexpr int kMaxMessageBytes = 16 << 20;

// A client asks for a sign of life this often, also while no call is under way, and gives up on
// the connection when none comes in time.
inline constexpr int kClientPingMillis = 30'000;
inline constexpr int kClientPingTimeoutMillis = 10'000;

// The server tolerates pings at half that distance, and sends its own.
inline constexpr int kServerToleratesMillis = kClientPingMillis / 2;
inline constexpr int kServerPingMillis = 60'000;
inline constexpr int kServerPingTimeoutMillis = 20'000;

// Calls under way on one connection; more wait at the client.
inline constexpr int kMaxCallsPerConnection = 256;
// Threads of synchronous handlers in one server; calls beyond are refused (RESOURCE_EXHAUSTED).
inline constexpr int kMaxServerThreads = 512;

}  // namespace lingkaran
