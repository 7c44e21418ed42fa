#include "tests/bench/check/load.h"

#include <sys/prctl.h>

#include <numeric>
#include <random>

#include "common/rpc.h"
#include "common/transport.h"

namespace lingkaran::bench {
namespace {

constexpr std::chrono::seconds kConnecting(30);

}  // namespace

double Phase::MicrosOfAll() const {
  return 1e6 * std::accumulate(processor.begin(), processor.end(), 0.0) /
         static_cast<double>(calls);
}

std::vector<double> Arrivals(double rate, double seconds, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::exponential_distribution<double> gap(rate);
  std::vector<double> out;
  for (double at = gap(random); at < seconds; at += gap(random)) out.push_back(at);
  return out;
}

void SleepExactly() { prctl(PR_SET_TIMERSLACK, 1'000UL); }

std::shared_ptr<grpc::Channel> OwnConnection(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  std::shared_ptr<grpc::Channel> channel =
      grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + kConnecting)) {
    Fail("can't connect to " + address);
  }
  return channel;
}

void PrepareCall(grpc::ClientContext& context, const char* actor) {
  context.AddMetadata(kActorMetadata, actor);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
}

}  // namespace lingkaran::bench
