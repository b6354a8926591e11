//! Starts the program and waits for what it says. Every wait has a bound.

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;

/// Nothing here takes nearly as long; a busy machine may.
pub const LIMIT: Duration = Duration::from_secs(90);

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Says why a test does not run, past the test runner, which shows nothing of tests that pass.
pub fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// The Kafka that `WEIR_TEST_KAFKA` names; without one the test is skipped with a line, and fails in CI.
pub fn kafka_servers(test: &str) -> Option<String> {
    let servers = std::env::var("WEIR_TEST_KAFKA").ok();
    if servers.is_none() {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "WEIR_TEST_KAFKA must name a Kafka in CI"
        );
        skipped(&format!("{test} needs a Kafka that WEIR_TEST_KAFKA names"));
    }
    servers
}

/// A folder for one test.
pub struct Place {
    folder: TempDir,
}

impl Place {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("weir-test-").tempdir();
        Self {
            folder: folder.unwrap(),
        }
    }

    pub fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Writes a file and gives its path.
    pub fn file(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The program with these arguments, to be run here; blind to whoever runs the tests.
    pub fn weir(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
        command.args(arguments).current_dir(self.folder.path());
        self.shield(&mut command);
        command
    }

    /// Takes out of a command's environment what would change the program's ways.
    pub fn shield(&self, command: &mut Command) {
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("KSQL_") || name.starts_with("WEIR_") {
                command.env_remove(name);
            }
        }
        command
            .env("XDG_DATA_HOME", self.path("data-home"))
            .env("TMPDIR", self.temporary());
    }

    /// Where the program makes its temporary folders.
    pub fn temporary(&self) -> String {
        let path = self.path("tmp");
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Done {
        self.run_with(arguments, b"")
    }

    /// Runs the program to its end with this on standard input.
    pub fn run_with(&self, arguments: &[&str], input: &[u8]) -> Done {
        let mut process = Process::start(&mut self.weir(arguments));
        process.write(input);
        process.close();
        process.done()
    }
}

/// A program that has ended.
#[derive(Debug)]
pub struct Done {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Done {
    /// Its output, if it ended with status 0.
    #[track_caller]
    pub fn ok(self) -> String {
        assert!(self.status.success(), "{self:#?}");
        self.stdout
    }

    /// What it said, if it ended with status 1 and wrote no result.
    #[track_caller]
    pub fn refused(self) -> String {
        assert_eq!(self.status.code(), Some(1), "{self:#?}");
        assert_eq!(self.stdout, "", "{self:#?}");
        self.stderr
    }
}

/// A program that runs. It does not outlive the test.
pub struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: Lines,
    errors: Lines,
}

/// What a program writes, line by line, as it comes.
struct Lines {
    coming: Receiver<String>,
    seen: Vec<String>,
    reader: Option<JoinHandle<()>>,
}

impl Lines {
    fn of(stream: impl Read + Send + 'static) -> Self {
        let (sender, coming) = channel();
        let reader = std::thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            let mut line = Vec::new();
            while stream
                .read_until(b'\n', &mut line)
                .is_ok_and(|read| read > 0)
            {
                let text = String::from_utf8_lossy(&line).into_owned();
                if sender.send(text).is_err() {
                    return;
                }
                line.clear();
            }
        });
        Self {
            coming,
            seen: Vec::new(),
            reader: Some(reader),
        }
    }

    fn next(&mut self, wait: Duration) -> Result<String, RecvTimeoutError> {
        let line = self.coming.recv_timeout(wait)?;
        self.seen.push(line.clone());
        Ok(line)
    }

    fn rest(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        self.seen.extend(self.coming.try_iter());
        self.seen.concat()
    }
}

impl Process {
    #[track_caller]
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self {
            input: child.stdin.take(),
            output: Lines::of(child.stdout.take().unwrap()),
            errors: Lines::of(child.stderr.take().unwrap()),
            child,
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Writes to standard input. A program that has ended takes nothing any more.
    pub fn write(&mut self, bytes: &[u8]) {
        if let Some(input) = &mut self.input {
            let _ = input.write_all(bytes).and_then(|()| input.flush());
        }
    }

    /// The program's standard input, for a thread that writes to it.
    pub fn take_input(&mut self) -> ChildStdin {
        self.input.take().unwrap()
    }

    /// Ends standard input.
    pub fn close(&mut self) {
        self.input = None;
    }

    /// The next line of standard output, without its end.
    #[track_caller]
    pub fn line(&mut self) -> String {
        match self.output.next(LIMIT) {
            Ok(line) => line.trim_end_matches(['\r', '\n']).to_owned(),
            Err(error) => panic!("no line ({error}); so far {:#?}", self.so_far()),
        }
    }

    /// Waits for a line of standard output that contains this.
    #[track_caller]
    pub fn wait_for_output(&mut self, text: &str) -> String {
        loop {
            let line = self.line();
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Waits for a line of standard error that contains this.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        self.wait_for_error(text);
    }

    /// The line of standard error that contains this, when it has come.
    #[track_caller]
    pub fn wait_for_error(&mut self, text: &str) -> String {
        let until = Instant::now() + LIMIT;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.errors.next(left) {
                Ok(line) if line.contains(text) => return line,
                Ok(_) => {}
                Err(error) => panic!("no `{text}` ({error}); so far {:#?}", self.so_far()),
            }
        }
    }

    fn so_far(&mut self) -> (String, String) {
        self.output.seen.extend(self.output.coming.try_iter());
        self.errors.seen.extend(self.errors.coming.try_iter());
        (self.output.seen.concat(), self.errors.seen.concat())
    }

    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill(Pid::from_raw(pid), signal).unwrap();
    }

    /// Ends it as a power cut would.
    pub fn kill_hard(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end.
    #[track_caller]
    pub fn done(mut self) -> Done {
        let until = Instant::now() + LIMIT;
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None if Instant::now() > until => {
                    panic!("it does not end; so far {:#?}", self.so_far())
                }
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        };
        Done {
            status,
            stdout: self.output.rest(),
            stderr: self.errors.rest(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A broker that the program is pointed to, with names on it that no other test has.
pub struct Target {
    arguments: Vec<String>,
    pub topic: Box<dyn Fn(&str) -> String>,
}

impl Target {
    /// A folder of the place.
    pub fn embedded(place: &Place) -> Self {
        Self {
            arguments: vec!["--embedded".to_owned(), place.path("broker")],
            topic: Box::new(str::to_owned),
        }
    }

    /// A place on the Kafka that `WEIR_TEST_KAFKA` names.
    pub fn kafka(place: &Place, test: &str) -> Option<Self> {
        kafka_servers(test).map(|servers| Self::kafka_at(place, &servers, test))
    }

    pub fn kafka_at(place: &Place, servers: &str, test: &str) -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let unique = format!("{test}-{}-{number}", std::process::id());
        let arguments = [
            "--bootstrap-servers",
            servers,
            "--service-id",
            &format!("{unique}-"),
            "--data",
            &place.path("positions"),
        ];
        Self {
            arguments: arguments.map(str::to_owned).to_vec(),
            topic: Box::new(move |name| format!("{name}-{unique}")),
        }
    }

    /// The arguments of a command on this broker.
    pub fn on<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        let own = self.arguments.iter().map(String::as_str);
        arguments.iter().copied().chain(own).collect()
    }
}
