//! Bad input, told by the program itself: what, where, what to do; once, on stderr, with exit code 2.

mod brokers;
mod config;
mod ending;
mod files;
mod held;
pub(crate) mod lease;
pub(crate) mod log;
mod next;
mod records;
mod registry;
mod restart;
mod store;
mod tolerance;
mod topics;
mod values;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Nothing of what is tested here takes longer.
const HANGS: Duration = Duration::from_secs(90);

/// The real binary in a folder of its own.
pub(crate) struct Program {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

/// What a process left behind.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) log: String,
}

impl Program {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
        }
    }

    /// Sets a variable for it.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crosscheck"));
        command
            .args(line.split_whitespace().map(|word| word.replace("%20", " ")))
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, line: &str) -> Ran {
        self.run_within(line, HANGS)
    }

    /// Runs it to its end, which must come in time.
    pub(crate) fn run_within(&self, line: &str, limit: Duration) -> Ran {
        let child = self.command(line).spawn().unwrap();
        let id = child.id().to_string();
        let (sender, ended) = mpsc::channel();
        std::thread::spawn(move || sender.send(child.wait_with_output()));
        let Ok(output) = ended.recv_timeout(limit) else {
            Command::new("kill").args(["-9", &id]).status().unwrap();
            panic!("`crosscheck {line}` has not ended after {limit:?}");
        };
        let output = output.unwrap();
        Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            log: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// One message and exit code 2; `masks` hide what differs from run to run.
    pub(crate) fn told(&self, line: &str, masks: &[(&str, &str)]) -> String {
        self.told_within(line, masks, HANGS)
    }

    pub(crate) fn told_within(&self, line: &str, masks: &[(&str, &str)], limit: Duration) -> String {
        let Ran { code, out, log } = self.run_within(line, limit);
        assert_eq!(code, Some(2), "{line}: {log}{out}");
        assert_eq!(out, "", "{line}: data on stdout");
        let begin = |word: &str| log.lines().filter(|line| line.starts_with(word)).count();
        assert_eq!(begin("error: "), 1, "{line}: {log}");
        // What is no YAML at all has a line, a column and the parser's words.
        assert!(log.contains("hint: ") || log.contains("not YAML"), "{line}: {log}");
        let text = format!("$ crosscheck {line}\n{log}");
        masks.iter().fold(text, |text, (from, to)| text.replace(from, to))
    }

    /// Starts it; its log is read line by line.
    pub(crate) fn start(&self, line: &str) -> Running {
        let mut child = self.command(line).spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        let log = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || log.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Running {
            child,
            lines,
            log: String::new(),
        }
    }
}

/// A process that goes on.
pub(crate) struct Running {
    child: Child,
    lines: mpsc::Receiver<String>,
    log: String,
}

impl Running {
    /// Waits for a line of its log that holds these words.
    pub(crate) fn says(&mut self, words: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(HANGS);
            let line = line.unwrap_or_else(|_| panic!("never said `{words}`:\n{}", self.log));
            self.log.push_str(&line);
            self.log.push('\n');
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Where the worker listens.
    pub(crate) fn address(&mut self) -> String {
        let line: serde_json::Value = serde_json::from_str(&self.says("\"generation\"")).unwrap();
        line["address"].as_str().unwrap().to_owned()
    }

    /// Asks for a page until it is as wanted.
    pub(crate) fn until(&mut self, address: &str, path: &str, wanted: impl Fn(&str) -> bool) -> String {
        let mut answer = String::new();
        for _ in 0..600 {
            answer = get(address, path);
            if wanted(&answer) {
                return answer;
            }
            std::thread::sleep(Duration::from_millis(100)); // waits for a page of another process, which tells nobody of changes
        }
        self.log.extend(self.lines.try_iter().map(|line| line + "\n"));
        panic!("{path} of the worker never came to it: {answer}\n{}", self.log);
    }

    pub(crate) fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.log.extend(self.lines.iter().map(|line| line + "\n"));
        std::mem::take(&mut self.log)
    }

    /// Waits until it ends by itself: the signal that ended it, and its whole log.
    #[cfg(feature = "mutants")]
    pub(crate) fn ended(mut self) -> (Option<i32>, String) {
        loop {
            match self.lines.recv_timeout(HANGS) {
                Ok(line) => self.log.extend([line.as_str(), "\n"]),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("it goes on:\n{}", self.log),
            }
        }
        let status = self.child.wait().unwrap();
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        (signal, std::mem::take(&mut self.log))
    }

    /// SIGINT: its exit code and what it printed.
    pub(crate) fn interrupt(mut self) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-INT", &id]).status().unwrap();
        let mut out = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        (self.child.wait().unwrap().code(), out)
    }

    /// SIGTERM.
    pub(crate) fn signal(&self) {
        Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
    }

    /// SIGTERM: its exit code (none where the signal itself ended it), how long it took, and its whole log.
    pub(crate) fn terminate_within(self, limit: Duration) -> (Option<i32>, Duration, String) {
        #[expect(clippy::disallowed_methods, reason = "a promise about time")]
        let asked = std::time::Instant::now();
        let (code, log) = self.terminate();
        let took = asked.elapsed();
        assert!(took < limit, "{took:?}: {log}");
        (code, took, log)
    }

    /// SIGTERM: its exit code and its whole log.
    pub(crate) fn terminate(mut self) -> (Option<i32>, String) {
        self.signal();
        self.log.extend(self.lines.iter().map(|line| line + "\n"));
        let status = self.child.wait().unwrap();
        (status.code(), std::mem::take(&mut self.log))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Where it has ended already there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The answer to a request, headers and body; nothing where there is none.
pub(crate) fn get(address: &str, path: &str) -> String {
    let mut answer = Vec::new();
    if let Ok(mut stream) = TcpStream::connect(address) {
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        let _ = stream.write_all(request.as_bytes());
        let _ = stream.read_to_end(&mut answer);
    }
    String::from_utf8_lossy(&answer).into_owned()
}
