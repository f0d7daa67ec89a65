//! Parse, run, exit code.

fn main() -> std::process::ExitCode {
    crosscheck::cli::main()
}
