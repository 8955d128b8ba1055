//! A process of the product that can be stopped in order, killed, and started again.

use crate::until;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// One process with its log, which goes on when the process is started again.
#[derive(Debug)]
pub struct Daemon {
    name: String,
    program: PathBuf,
    arguments: Vec<String>,
    folder: PathBuf,
    log: PathBuf,
    /// Where in the log the present start begins.
    since: usize,
    child: Option<Child>,
}

impl Daemon {
    /// Starts a program in a folder; its output goes to `NAME.log` there.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(name: &str, program: &Path, arguments: &[&str], folder: &Path) -> Self {
        let mut daemon = Self {
            name: name.to_owned(),
            program: program.to_owned(),
            arguments: arguments.iter().map(|&a| a.to_owned()).collect(),
            folder: folder.to_owned(),
            log: folder.join(format!("{name}.log")),
            since: 0,
            child: None,
        };
        File::create(&daemon.log).expect("a log file");
        daemon.start_again();
        daemon
    }

    /// Starts it again after it was stopped or killed.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start_again(&mut self) {
        self.since = self.log().len();
        let log = OpenOptions::new().append(true).open(&self.log).expect("the log file");
        let child = Command::new(&self.program)
            .args(&self.arguments)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log file"))
            .stderr(log)
            .spawn()
            .unwrap_or_else(|e| panic!("{}: {e}", self.program.display()));
        self.child = Some(child);
    }

    /// Kills it as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Asks it to end (SIGTERM) and waits.
    ///
    /// # Panics
    /// When it does not end within 30 s.
    pub fn stop(&mut self) -> Option<ExitStatus> {
        let mut child = self.child.take()?;
        let _ = Command::new("kill").arg(child.id().to_string()).status();
        Some(until(&format!("{} ends", self.name), Duration::from_secs(30), || {
            child.try_wait().ok().flatten()
        }))
    }

    /// Whether the process runs.
    pub fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// All it has printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Waits until a log line of the present start has these words.
    ///
    /// # Panics
    /// With the log, when that does not happen or the process ends.
    pub fn wait_for(&mut self, words: &str, limit: Duration) {
        let what = format!("{} says {words:?}", self.name);
        until(&what, limit, || {
            let log = self.log();
            let found = log[self.since..].lines().any(|line| line.contains(words));
            assert!(found || self.is_running(), "{} ended:\n{log}", self.name);
            found.then_some(())
        });
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<_> = log.lines().rev().take(30).collect();
            eprintln!("---- {} ----", self.name);
            for line in tail.into_iter().rev() {
                eprintln!("{line}");
            }
        }
        self.kill();
    }
}
