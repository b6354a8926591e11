//! The command line, as `weir --help` shows it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Stream SQL over Kafka: the language of ksqlDB in one binary.
#[derive(Debug, Parser)]
#[command(name = "weir", version, about, max_term_width = 100)]
pub struct Cli {
    /// How log lines look on standard error
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// Which log lines: error, warn, info, debug, or a filter such as `weir_runtime=debug`
    #[arg(long, global = true, env = "WEIR_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the persistent queries of a file until told to stop
    Run(RunArguments),
    /// Answer ksqlDB's clients over HTTP until told to stop
    Server(ServerArguments),
    /// A prompt: over a server, or over an engine of its own
    Sql(SqlArguments),
    /// Run tests of one's own rules, in SQL
    Test(TestArguments),
    /// Write lines to a topic, one record each
    Produce(ProduceArguments),
    /// Print a topic's values, one record a line
    Consume(ConsumeArguments),
    /// Detection rules over recorded Windows events, in one process, with no Kafka
    Demo(DemoArguments),
    /// Detection rules in Sigma's language
    #[command(subcommand)]
    Sigma(SigmaCommand),
    /// Measure this machine
    #[command(subcommand)]
    Bench(BenchCommand),
}

/// Where the topics are, and what the engine is told.
#[derive(Debug, Clone, Default, Args)]
pub struct EngineArguments {
    /// Brokers of a Kafka cluster, `HOST:PORT,…`
    #[arg(long, value_name = "SERVERS", conflicts_with = "embedded")]
    pub bootstrap_servers: Option<String>,
    /// The folder of a broker inside this process
    #[arg(long, value_name = "DIR")]
    pub embedded: Option<PathBuf>,
    /// Where positions and state are kept [default: the user's data folder, by service id]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Whose topics and positions these are (`ksql.service.id`)
    #[arg(long, value_name = "ID")]
    pub service_id: Option<String>,
    /// Java properties, with the names of Kafka and ksqlDB
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// One property; stronger than the file
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,
}

/// A server in the place of a broker.
#[derive(Debug, Clone, Default, Args)]
pub struct ClientArguments {
    /// A Weir or ksqlDB server, `http://HOST:PORT`
    #[arg(long, value_name = "URL", conflicts_with_all = ["bootstrap_servers", "embedded", "data", "service_id", "config"])]
    pub url: Option<String>,
    /// Who asks the server; a password that is not given is asked for
    #[arg(short, long, value_name = "NAME")]
    pub user: Option<String>,
    /// The password; on the command line others can see it
    #[arg(
        long,
        env = "WEIR_PASSWORD",
        value_name = "PASSWORD",
        hide_env_values = true
    )]
    pub password: Option<String>,
    /// A bearer token, in the place of user and password
    #[arg(
        long,
        env = "WEIR_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        conflicts_with = "user"
    )]
    pub token: Option<String>,
    /// Certificates in PEM form that are trusted in the place of the system's
    #[arg(long, value_name = "FILE")]
    pub cacert: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct RunArguments {
    /// Statements: the wanted state. `-` for standard input
    pub file: PathBuf,
    #[command(flatten)]
    pub engine: EngineArguments,
    /// Stop when all that was in the source topics at the start is processed
    #[arg(long)]
    pub until_end: bool,
    /// Feed the lines of a file to a topic, `-` for standard input
    #[arg(long, value_name = "TOPIC=FILE")]
    pub input: Vec<String>,
    /// Write a topic's values to a file as they come, `-` for standard output; on a broker a file is appended to
    #[arg(long, value_name = "TOPIC=FILE")]
    pub output: Vec<String>,
}

#[derive(Debug, Args)]
pub struct ServerArguments {
    /// Where to listen: HOST:PORT or http://HOST:PORT [default: 127.0.0.1:8088]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    #[command(flatten)]
    pub engine: EngineArguments,
    /// Users and tokens that may ask; needed when other machines can reach the server
    #[arg(long, value_name = "FILE")]
    pub credentials: Option<PathBuf>,
    /// A certificate chain (PEM): the server then speaks TLS
    #[arg(long, value_name = "FILE")]
    pub tls_certificate: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct SqlArguments {
    /// A Weir or ksqlDB server, `http://HOST:PORT` [default: an engine of its own]
    #[arg(value_name = "URL", conflicts_with_all = ["url", "bootstrap_servers", "embedded", "data", "service_id", "config", "set"])]
    pub server: Option<String>,
    #[command(flatten)]
    pub client: ClientArguments,
    #[command(flatten)]
    pub engine: EngineArguments,
    /// Run these statements and leave
    // They may begin with a comment: `-- …`.
    #[arg(
        short,
        long,
        value_name = "SQL",
        conflicts_with = "file",
        allow_hyphen_values = true
    )]
    pub execute: Option<String>,
    /// Run the statements of a file and leave, `-` for standard input
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// How results look
    #[arg(long, value_enum, default_value_t = OutputFormat::Tabular, ignore_case = true)]
    pub output: OutputFormat,
    /// A variable for the statements, as DEFINE has it
    #[arg(short, long, value_name = "NAME=VALUE")]
    pub define: Vec<String>,
    /// End a query after so many rows
    #[arg(long, value_name = "N")]
    pub query_row_limit: Option<u64>,
    /// End a query after so many milliseconds
    #[arg(long, value_name = "MS")]
    pub query_timeout: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    Tabular,
    Json,
}

#[derive(Debug, Args)]
pub struct TestArguments {
    /// Files of tests, and folders with `.sql` files
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Only tests whose name this regular expression matches
    #[arg(long, value_name = "RE")]
    pub filter: Option<String>,
    /// Run each test a second time, with the engine stopped and resumed after each statement; both must agree
    #[arg(long)]
    pub resume: bool,
    /// How outcomes look
    #[arg(long, value_enum, default_value_t = TestOutput::Text)]
    pub output: TestOutput,
    /// What the files hold
    #[arg(long, value_enum, default_value_t = TestFormat::Sql)]
    pub format: TestFormat,
    /// Of ksqlDB's cases, those that have all of these tags
    #[arg(long, value_name = "TAG,…", value_delimiter = ',')]
    pub tags: Vec<String>,
    /// Of ksqlDB's cases, those that have none of these tags
    #[arg(long, value_name = "TAG,…", value_delimiter = ',')]
    pub without_tags: Vec<String>,
    /// Say only what did not pass
    #[arg(long)]
    pub only_failed: bool,
    /// Of ksqlDB's cases, those that must pass, one id a line: others may fail
    #[arg(long, value_name = "FILE")]
    pub passing: Option<PathBuf>,
    /// Add the cases that pass to the file of --passing
    #[arg(long, requires = "passing")]
    pub add_passing: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TestFormat {
    /// Tests in SQL
    Sql,
    /// ksqlDB's own cases for its queries, run in memory
    Qtt,
    /// ksqlDB's own cases for its server, run over HTTP
    QttRest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TestOutput {
    /// For people
    Text,
    /// One object a line
    Json,
    /// JUnit's XML, for build servers
    Junit,
}

#[derive(Debug, Args)]
pub struct ProduceArguments {
    pub topic: String,
    /// One record a line [default: standard input]
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pub client: ClientArguments,
    #[command(flatten)]
    pub engine: EngineArguments,
    /// What stands before this on a line is the record's key
    #[arg(long, value_name = "S")]
    pub key_separator: Option<String>,
    /// How many partitions a topic gets that is not there yet
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(i32).range(1..))]
    pub partitions: i32,
}

#[derive(Debug, Args)]
pub struct ConsumeArguments {
    pub topic: String,
    #[command(flatten)]
    pub client: ClientArguments,
    #[command(flatten)]
    pub engine: EngineArguments,
    /// Start with the oldest record, not with the next one
    #[arg(long)]
    pub from_beginning: bool,
    /// Stop after so many records
    #[arg(long, value_name = "N")]
    pub max: Option<u64>,
}

#[derive(Debug, Args)]
pub struct DemoArguments {
    /// End by itself when the recording is over
    #[arg(long)]
    pub exit: bool,
    /// How many events come in a second
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..))]
    pub speed: u32,
}

#[derive(Debug, Subcommand)]
pub enum SigmaCommand {
    /// Turn rules into SQL
    Convert(SigmaConvertArguments),
    /// Hunt through a file of events: which lines match which rules
    Eval(SigmaEvalArguments),
    /// Run regression cases: events that a rule must match
    Test(SigmaTestArguments),
    /// Make a folder of rules the queries of a server: those that are new begin, those that changed are replaced
    Deploy(Box<SigmaDeployArguments>),
}

/// What a site says of its rules' words.
#[derive(Debug, Args)]
pub struct SigmaSiteArguments {
    /// The site's values for `%placeholders%`: a YAML map of names to lists
    #[arg(long, value_name = "FILE")]
    pub placeholders: Option<PathBuf>,
    /// The site's own log sources and layouts, which add to the built-in ones or take their places
    #[arg(long, value_name = "DIR")]
    pub mapping: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct SigmaConvertArguments {
    /// A file of rules, or a folder
    #[arg(value_name = "FILE|DIR")]
    pub path: PathBuf,
    /// Write `rule.sql` beside each `rule.yml`; standard output then has only the streams' declarations
    #[arg(long)]
    pub out: bool,
    #[command(flatten)]
    pub site: SigmaSiteArguments,
    /// How events look: winlogbeat, flat, or one of the site's own
    #[arg(long, value_name = "NAME", default_value = "winlogbeat")]
    pub layout: String,
    /// Where events come from
    #[arg(long, default_value = "wineventlogs")]
    pub topic: String,
    /// The stream over that topic [default: the topic's name]
    #[arg(long, value_name = "NAME")]
    pub stream: Option<String>,
    /// Where alerts go: a topic, and the stream over it
    #[arg(long, value_name = "TOPIC", default_value = "windows_alerts")]
    pub sink: String,
    /// Leave the event out of its alert
    #[arg(long)]
    pub no_event: bool,
}

#[derive(Debug, Args)]
pub struct SigmaEvalArguments {
    /// A file of rules, or a folder
    #[arg(long, value_name = "DIR")]
    pub rules: PathBuf,
    /// One JSON event a line, packed with gzip or not; `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub events: PathBuf,
    #[command(flatten)]
    pub site: SigmaSiteArguments,
    /// How events look: winlogbeat, flat, or one of the site's own
    #[arg(long, value_name = "NAME", default_value = "winlogbeat")]
    pub layout: String,
    /// How many threads look for matches [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// `weir.rules.index.enable=false` asks each rule of each event, `weir.rules.raw.filter=false` parses each event
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// How matches look
    #[arg(long, value_enum, default_value_t = SigmaOutput::Text)]
    pub output: SigmaOutput,
    /// Write what was loaded, left out and found to a file, as JSON
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct SigmaTestArguments {
    /// A file of rules, or a folder
    #[arg(long, value_name = "DIR")]
    pub rules: PathBuf,
    /// Files of a case each, and folders with `.json` files
    #[arg(required = true, value_name = "CASE")]
    pub cases: Vec<PathBuf>,
    #[command(flatten)]
    pub site: SigmaSiteArguments,
    /// Only the events of this layout, which a case may have of the site's own too; may be repeated
    #[arg(long, value_name = "NAME", default_values = ["winlogbeat", "flat"])]
    pub layout: Vec<String>,
    /// How outcomes look
    #[arg(long, value_enum, default_value_t = SigmaOutput::Text)]
    pub output: SigmaOutput,
}

#[derive(Debug, Args)]
pub struct SigmaDeployArguments {
    /// A file of rules, or a folder: all that are to run from this topic into this sink
    #[arg(value_name = "DIR")]
    pub path: PathBuf,
    /// Where events come from
    #[arg(long)]
    pub topic: String,
    /// The stream over that topic, declared if there is none [default: the topic's name]
    #[arg(long, value_name = "NAME")]
    pub stream: Option<String>,
    /// Where alerts go: a topic, and the stream over it
    #[arg(long, value_name = "TOPIC")]
    pub sink: String,
    #[command(flatten)]
    pub client: ClientArguments,
    #[command(flatten)]
    pub engine: EngineArguments,
    #[command(flatten)]
    pub site: SigmaSiteArguments,
    /// How events look: winlogbeat, flat, or one of the site's own
    #[arg(long, value_name = "NAME", default_value = "winlogbeat")]
    pub layout: String,
    /// Leave the event out of its alert
    #[arg(long)]
    pub no_event: bool,
    /// Make the events' topic, with so many partitions, if it is not there
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    pub partitions: Option<i32>,
    /// End the queries of rules that are gone from the folder; `all`: also if more end than go on, or a new rule was refused
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "gone", value_name = "WHICH")]
    pub prune: Option<Prune>,
    /// Say what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Exit with status 3 if a rule was left out
    #[arg(long)]
    pub strict: bool,
    /// How it is said what became of the rules
    #[arg(long, value_enum, default_value_t = SigmaOutput::Text)]
    pub output: SigmaOutput,
    /// Write the sums to a file, as JSON
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,
}

/// Which queries end whose rules are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Prune {
    /// Those that are gone, unless they are most of all
    Gone,
    /// All that are gone
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SigmaOutput {
    /// For people
    Text,
    /// One object a line
    Json,
}

#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// A rule over a file of events: decode and match, through the embedded broker, through Kafka
    Filter(FilterArguments),
    /// Sigma rules over a file of events: one, ten, a hundred, a thousand, all
    Rules(RulesArguments),
    /// The time from an event's way into Kafka to its alert, with many rules running
    Latency(LatencyArguments),
    /// A projection with ten function calls, and what each overload of each function costs a row
    Functions(FunctionsArguments),
}

#[derive(Debug, Args)]
pub struct RulesArguments {
    /// A folder of Sigma rules
    #[arg(long, value_name = "DIR")]
    pub rules: PathBuf,
    /// One JSON event a line; `.gz` is unpacked
    #[arg(long, value_name = "FILE")]
    pub events: PathBuf,
    /// Make so many rules out of these, each with other names in it, and measure with them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub vary: Option<u32>,
    /// What the names come from: the same number makes the same rules
    #[arg(long, value_name = "N", default_value_t = 1, requires = "vary")]
    pub seed: u64,
    /// How many times each run is made; the fastest counts
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub repeat: u32,
    /// Ask each rule of each event (`weir.rules.index.enable=false`)
    #[arg(long)]
    pub without_index: bool,
    /// Parse each event (`weir.rules.raw.filter=false`)
    #[arg(long)]
    pub without_raw_filter: bool,
    #[arg(long, value_enum, default_value_t = BenchOutput::Text)]
    pub output: BenchOutput,
}

#[derive(Debug, Args)]
pub struct LatencyArguments {
    /// A folder of Sigma rules
    #[arg(long, value_name = "DIR")]
    pub rules: PathBuf,
    /// One JSON event a line, as Winlogbeat writes them; `.gz` is unpacked
    #[arg(long, value_name = "FILE")]
    pub events: PathBuf,
    /// The Kafka that they go through, in topics of the benchmark's own
    #[arg(long, value_name = "SERVERS")]
    pub bootstrap_servers: String,
    /// How many of the rules run, in the order of `bench rules`
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub count: u32,
    /// Events a second
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub rate: u32,
    /// How long it is measured
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub seconds: u32,
    /// Seconds before that, which do not count
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=600))]
    pub warm_up: u32,
    /// How long the producer waits for more events, in milliseconds
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=1_000))]
    pub linger_ms: u32,
    /// Of the producer: none, gzip, snappy, lz4 or zstd
    #[arg(long, value_name = "NAME", default_value = "none")]
    pub compression: String,
    #[arg(long, value_enum, default_value_t = BenchOutput::Text)]
    pub output: BenchOutput,
}

#[derive(Debug, Args)]
pub struct FunctionsArguments {
    /// Rows in memory for the projection
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    pub rows: u32,
    #[arg(long, value_enum, default_value_t = BenchOutput::Text)]
    pub output: BenchOutput,
}

#[derive(Debug, Args)]
pub struct FilterArguments {
    /// One JSON event a line; `.gz` is unpacked
    #[arg(long, value_name = "FILE")]
    pub events: PathBuf,
    /// Also through this Kafka
    #[arg(long, value_name = "SERVERS")]
    pub bootstrap_servers: Option<String>,
    /// Another rule than the article's, over columns of the article's stream that are VARCHAR
    #[arg(long, value_name = "SQL")]
    pub predicate: Option<String>,
    /// How many times the file is gone through in each run
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub repeat: u32,
    #[arg(long, value_enum, default_value_t = BenchOutput::Text)]
    pub output: BenchOutput,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BenchOutput {
    Text,
    Json,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
