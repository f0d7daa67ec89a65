//! `--help` of every command.

/// Every command with its words, the top one first.
fn commands(command: &clap::Command, words: &str, found: &mut Vec<(String, clap::Command)>) {
    found.push((words.to_owned(), command.clone()));
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        commands(below, &format!("{words} {}", below.get_name()), found);
    }
}

#[test]
fn every_command_has_its_help() {
    let mut command = crosscheck::cli::command().term_width(100);
    command.build();
    let mut found = Vec::new();
    commands(&command, "crosscheck", &mut found);
    for (words, command) in found {
        let text = command.term_width(100).render_long_help().to_string();
        insta::assert_snapshot!(words.replace(' ', "_"), text);
    }
}

#[test]
fn help_and_version_go_to_stdout() {
    for arguments in ["--help", "--version", "reconcile --help", "help run"] {
        let (exit, out, log) = super::run(arguments);
        assert_eq!(exit as u8, 0, "{arguments}");
        assert!(!out.is_empty() && log.is_empty(), "{arguments}");
    }
}
