// Compiled with the precompiled header that test programs share.
