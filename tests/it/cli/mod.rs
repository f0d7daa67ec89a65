//! The command line: help, usage errors, exit codes.
