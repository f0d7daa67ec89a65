//! The peers' processes, and the Python that those have which need one.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::PEER;
use super::table::Figures;

const ROOM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers");
const REQUIREMENTS: &str = include_str!("requirements.txt");

/// A virtual environment with the packages, made once and kept in the target directory.
pub fn prepare() -> Result<PathBuf, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers-venv");
    let (python, ready) = (folder.join("bin/python"), folder.join("ready"));
    if std::fs::read_to_string(&ready).is_ok_and(|text| text == REQUIREMENTS) {
        return Ok(python);
    }
    let told = |what: &str, command: &mut Command| match command.stdout(Stdio::null()).status()?.success() {
        true => Ok(()),
        false => Err(Box::<dyn Error>::from(format!("{what} failed"))),
    };
    told(
        "python3 -m venv",
        Command::new("python3").args(["-m", "venv"]).arg(&folder),
    )?;
    let pip = ["-m", "pip", "install", "-q", "-r", "requirements.txt"];
    told("pip install", Command::new(&python).args(pip).current_dir(ROOM))?;
    std::fs::write(ready, REQUIREMENTS)?;
    Ok(python)
}

/// One run of `peers.py`.
pub fn run(python: &Path, peer: &str, folder: &Path, words: &[String]) -> Result<Figures, Box<dyn Error>> {
    let mut command = Command::new(python);
    command
        .args(["-B", "peers.py", peer])
        .arg(folder)
        .args(words)
        .current_dir(ROOM);
    figures(peer, &mut command)
}

/// This process once more, as a peer in memory.
pub fn again(peer: &str) -> Result<Figures, Box<dyn Error>> {
    figures(peer, Command::new(std::env::current_exe()?).env(PEER, peer))
}

fn figures(peer: &str, command: &mut Command) -> Result<Figures, Box<dyn Error>> {
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("{peer} ended with {}", output.status).into());
    }
    let said: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let number = |name: &str| said[name].as_f64().ok_or(format!("{peer} does not tell its {name}"));
    Ok(Figures {
        wall: number("wall")?,
        cores: number("cores")?,
        peak: number("peak")?,
        found: number("found")?,
    })
}
