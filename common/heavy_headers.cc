// Compiled with the precompiled header that everything with gRPC or SOCI shares.
