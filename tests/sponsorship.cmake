# tests of sponsorship
