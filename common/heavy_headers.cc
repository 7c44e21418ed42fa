// Compiled with the precompiled header that everything with gRPC, SOCI or CLI11 shares.
