# tests of coverage
