//! The pages under `docs/`, and some beside what they are about: what stands in them as an output is what its command prints, every link leads somewhere, and every
//! metric that is named exists.
//!
//! A page is a session in an empty folder that has the checkout's `examples` and `rules` in it:
//!
//! ````text
//! ```sh       is run by bash, with `weir` in its path
//! ```sql      is run by `weir sql --embedded data --execute …`
//! ```text     is what the block before it printed; `…` stands for anything in a line, alone for any lines
//! ````
//!
//! Blocks of other languages are left alone. `WEIR_UPDATE_DOCS=1` writes into the pages what was printed, but for lines that fit
//! by their `…`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use weir_engine::Engine;

use crate::{
    http::Server,
    support::{LIMIT, Place, Process, read, root},
};

/// A fenced block of a page.
#[derive(Debug)]
struct Block {
    language: String,
    text: String,
    /// The lines of the page between its fences.
    lines: std::ops::Range<usize>,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, usize)> = None;
    let lines: Vec<&str> = page.lines().collect();
    for (number, line) in lines.iter().enumerate() {
        let Some(rest) = line.strip_prefix("```") else {
            continue;
        };
        match open.take() {
            None => open = Some((rest.trim().to_owned(), number + 1)),
            Some((language, start)) => blocks.push(Block {
                language,
                text: lines[start..number].join("\n"),
                lines: start..number,
            }),
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// The folder of a page's session.
fn session() -> Place {
    let place = Place::new();
    for name in ["examples", "rules"] {
        std::os::unix::fs::symlink(root().join(name), place.path(name)).unwrap();
    }
    place
}

/// What a block prints, errors after the rest; `None` for what is not run.
fn run(place: &Place, block: &Block) -> Option<String> {
    let mut command = match block.language.as_str() {
        "sql" => place.weir(&["sql", "--embedded", "data", "--execute", &block.text]),
        "sh" => {
            let program = Path::new(env!("CARGO_BIN_EXE_weir")).parent().unwrap();
            let path = std::env::var("PATH").unwrap();
            let mut command = Command::new("bash");
            command
                .args(["-e", "-o", "pipefail", "-c", &block.text])
                .current_dir(place.path("."))
                .env("PATH", format!("{}:{path}", program.display()));
            place.shield(&mut command);
            command
        }
        _ => return None,
    };
    let done = Process::start(&mut command).done();
    let printed = done.stdout + &done.stderr;
    let is_refused = printed.lines().any(|line| line.starts_with("error: "));
    assert_eq!(
        done.status.success(),
        !is_refused,
        "{}\n{printed}",
        block.text
    );
    let lines: Vec<&str> = printed.lines().map(str::trim_end).collect();
    Some(lines.join("\n").trim_matches('\n').to_owned())
}

/// Whether a line is as expected, where `…` is anything.
fn fits(line: &str, expected: &str) -> bool {
    let mut parts = expected.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

fn all_fit(printed: &[&str], expected: &[&str]) -> bool {
    match expected {
        [] => printed.is_empty(),
        ["…", rest @ ..] => (0..=printed.len()).any(|skipped| all_fit(&printed[skipped..], rest)),
        [first, rest @ ..] => {
            printed.first().is_some_and(|line| fits(line, first)) && all_fit(&printed[1..], rest)
        }
    }
}

/// Runs a page from its first block to its last.
fn check_page(path: &str) {
    let page = read(path);
    let place = session();
    let mut lines: Vec<String> = page.lines().map(str::to_owned).collect();
    let mut replaced: Vec<(std::ops::Range<usize>, String)> = Vec::new();
    let mut printed: Option<String> = None;
    let mut outputs = 0;
    for block in blocks(&page) {
        if block.language == "text" {
            let Some(printed) = printed.take() else {
                panic!("{path}: an output without a command:\n{}", block.text);
            };
            outputs += 1;
            let now: Vec<&str> = printed.lines().collect();
            let before: Vec<&str> = block.text.lines().collect();
            if all_fit(&now, &before) {
                continue;
            }
            replaced.push((block.lines, printed.clone()));
            assert!(
                std::env::var_os("WEIR_UPDATE_DOCS").is_some(),
                "{path} shows\n{}\n\nbut this is printed\n{printed}\n\n(WEIR_UPDATE_DOCS=1 writes it into the page)",
                block.text
            );
        } else if let Some(text) = run(&place, &block) {
            check_unshown(path, printed.replace(text));
        }
    }
    check_unshown(path, printed);
    assert!(outputs > 0, "{path} shows no output");
    for (range, text) in replaced.into_iter().rev() {
        lines.splice(range, text.lines().map(str::to_owned));
    }
    let updated = lines.join("\n") + "\n";
    if updated != page {
        fs::write(root().join(path), updated).unwrap();
    }
}

/// What a page does not show is no error.
#[track_caller]
fn check_unshown(path: &str, printed: Option<String>) {
    let printed = printed.unwrap_or_default();
    let is_error = printed.lines().any(|line| line.starts_with("error: "));
    assert!(!is_error, "{path} does not show\n{printed}");
}

#[test]
fn the_start_does_what_it_says() {
    check_page("docs/start.md");
}

#[test]
fn the_tutorial_does_what_it_says() {
    check_page("docs/tutorial.md");
}

#[test]
fn the_statements_do_what_they_say() {
    check_page("docs/reference/statements.md");
}

#[test]
fn the_types_are_as_their_page_says() {
    check_page("docs/reference/types.md");
}

#[test]
fn the_formats_are_as_their_page_says() {
    check_page("docs/reference/formats.md");
}

#[test]
fn the_properties_do_what_their_page_says() {
    check_page("docs/reference/properties.md");
}

#[test]
fn the_page_of_sigma_rules_does_what_it_says() {
    check_page("docs/sigma.md");
}

#[test]
fn the_page_of_the_rules_does_what_it_says() {
    check_page("rules/README.md");
}

#[test]
fn the_example_of_three_domains_does_what_it_says() {
    check_page("examples/edge-routing/README.md");
}

/// The rows of the tables in a section of a page, as cells without their quotes.
fn rows(page: &str, section: &str) -> Vec<Vec<String>> {
    let section = page.split(&format!("\n## {section}\n")).nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| "));
    // A table's head and the line below it.
    let rows = rows.filter(|row| !row.starts_with("| ---")).skip(1);
    rows.map(|row| {
        let cells = row.trim_matches('|').split(" | ");
        cells
            .map(|cell| cell.trim().trim_matches('`').to_owned())
            .collect()
    })
    .collect()
}

#[tokio::test]
async fn every_yes_and_no_of_the_migration_is_what_the_engine_says() {
    const STREAM: &str = "CREATE STREAM s (id INT KEY, a INT, b VARCHAR, l ARRAY<INT>, m MAP<VARCHAR, INT>) WITH (kafka_topic='s', value_format='JSON', partitions=1);";
    let page = read("docs/migration.md");
    let flowing = page.replace('\n', " ");
    assert!(
        flowing.contains(STREAM),
        "the page says what its examples are over"
    );
    let examples = [rows(&page, "Statements"), rows(&page, "Formats")].concat();
    assert!(examples.len() > 30);
    for example in examples {
        let [what, today, statement] = example.as_slice() else {
            panic!("{example:?}");
        };
        let engine = Engine::builder().memory(0).build().await.unwrap();
        let mut session = engine.session();
        engine.execute(&mut session, STREAM).await.unwrap();
        let answer = engine.execute(&mut session, statement).await;
        let refusal = answer.as_ref().err().map(ToString::to_string);
        match today.as_str() {
            "yes" => assert_eq!(refusal, None, "{what}"),
            "no" => {
                let error = answer
                    .err()
                    .unwrap_or_else(|| panic!("{what} works: {statement}"));
                use weir_engine::ErrorKind::{Unsupported, User};
                assert!(matches!(error.kind, User | Unsupported), "{what}: {error}");
            }
            other => panic!("{what}: {other}"),
        }
        engine.shutdown().await.unwrap();
    }
}

#[test]
fn every_endpoint_of_the_migration_is_there_or_not_as_it_says() {
    let place = Place::new();
    let data = place.path("data");
    let arguments = ["server", "--listen", "127.0.0.1:0", "--embedded", &data];
    let server = Server::of(Process::start(&mut place.weir(&arguments)));
    let address = server.address().to_owned();
    let ask = |method: &str, path: &str| {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let endpoints = rows(&read("docs/migration.md"), "Endpoints");
    assert!(endpoints.len() > 15);
    for row in endpoints {
        let (method, path) = row[0].split_once(' ').unwrap();
        let answer = ask(method, path);
        let is_there = !answer.starts_with("HTTP/1.1 404") && !answer.starts_with("HTTP/1.1 405");
        assert_eq!(
            row[1],
            if is_there { "yes" } else { "no" },
            "{row:?}: {answer}"
        );
    }
    let metrics = ask("GET", "/metrics");
    let (head, body) = metrics.split_once("\r\n\r\n").unwrap();
    assert!(
        head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"),
        "{head}"
    );
    assert!(body.contains("\nweir_uptime_seconds "), "{body}");
}

/// Every page of the repository that people read.
fn pages() -> Vec<PathBuf> {
    fn gather(folder: &Path, pages: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                gather(&path, pages);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    let mut pages: Vec<PathBuf> = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
        .iter()
        .map(|name| root().join(name))
        .collect();
    for folder in ["docs", "examples", "rules"] {
        gather(&root().join(folder), &mut pages);
    }
    pages.sort();
    pages
}

/// The text outside of fenced blocks and code.
fn prose(page: &str) -> String {
    let fenced: BTreeSet<usize> = blocks(page)
        .into_iter()
        .flat_map(|block| block.lines)
        .collect();
    let lines = page.lines().enumerate();
    let outside = lines.filter(|(number, _)| !fenced.contains(number));
    outside.map(|(_, line)| line).collect::<Vec<_>>().join("\n")
}

/// The name that a heading has in links.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = kept
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut broken = Vec::new();
    let mut links = 0;
    for path in pages() {
        let page = prose(&fs::read_to_string(&path).unwrap());
        for target in page.split("](").skip(1) {
            let target = target.split(')').next().unwrap();
            if target.starts_with("http") || target.starts_with("mailto:") {
                continue;
            }
            links += 1;
            let (file, place) = match target.split_once('#') {
                Some((file, place)) => (file, Some(place)),
                None => (target, None),
            };
            let to = match file {
                "" => path.clone(),
                file => path.parent().unwrap().join(file),
            };
            if !to.exists() {
                broken.push(format!("{}: {target}", path.display()));
            } else if let Some(place) = place {
                let text = prose(&fs::read_to_string(&to).unwrap());
                let headings = text.lines().filter(|line| line.starts_with('#'));
                if !headings.map(anchor).any(|known| known == place) {
                    broken.push(format!("{}: {target}: no such heading", path.display()));
                }
            }
        }
    }
    assert!(links > 30, "{links}");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_index_names_every_page() {
    let index = read("docs/README.md");
    for folder in ["", "reference/"] {
        for entry in fs::read_dir(root().join("docs").join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let is_named = index.contains(&format!("]({folder}{name})"));
            assert!(
                !path.is_file() || is_named || format!("{folder}{name}") == "README.md",
                "{folder}{name} is not in docs/README.md"
            );
        }
    }
}

/// The names of all metrics that an engine exports, with their kinds.
async fn metrics() -> BTreeMap<String, String> {
    let engine = Engine::builder().memory(0).build().await.unwrap();
    let text = engine.metrics().await.encode();
    engine.shutdown().await.unwrap();
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let names = types.map(|line| line.split_once(' ').unwrap());
    names
        .map(|(name, kind)| (name.to_owned(), kind.to_owned()))
        .collect()
}

/// Words that look like the name of a metric.
fn metric_names(text: &str) -> BTreeSet<String> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c| !is_of_name(c));
    let is_metric = |word: &&str| {
        (word.starts_with("weir_") || word.starts_with("process_")) && word.matches('_').count() > 1
    };
    words.filter(is_metric).map(str::to_owned).collect()
}

#[tokio::test]
async fn every_metric_is_in_operations_with_its_kind_and_no_other() {
    let metrics = metrics().await;
    let page = read("docs/operations.md");
    let table = page
        .split("\n## Metrics")
        .nth(1)
        .unwrap()
        .split("\n## ")
        .next()
        .unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let listed: BTreeMap<String, String> = rows
        .map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            (cells[1].trim_matches('`').to_owned(), cells[2].to_owned())
        })
        .collect();
    assert_eq!(listed, metrics);
}

/// An expression names only metrics that there are; a histogram's by its three suffixes.
fn check_expression(metrics: &BTreeMap<String, String>, expression: &str) -> usize {
    let names = metric_names(expression);
    for name in &names {
        let of_histogram = ["_bucket", "_sum", "_count"].iter().any(|suffix| {
            let base = name.strip_suffix(suffix);
            base.and_then(|base| metrics.get(base))
                .is_some_and(|kind| kind == "histogram")
        });
        let is_plain = metrics.get(name).is_some_and(|kind| kind != "histogram");
        assert!(of_histogram || is_plain, "{name} in {expression}");
    }
    names.len()
}

#[tokio::test]
async fn alert_rules_and_the_dashboard_use_metrics_that_there_are() {
    let metrics = metrics().await;
    let rules = read("examples/operations/alerts.yaml");
    let expressions = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("expr: "));
    let expressions: Vec<&str> = expressions.collect();
    assert!(expressions.len() >= 8, "{expressions:?}");
    for expression in expressions {
        assert!(check_expression(&metrics, expression) > 0, "{expression}");
    }
    let dashboard = read("examples/operations/dashboard.json");
    let dashboard: serde_json::Value = serde_json::from_str(&dashboard).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut used = 0;
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{panel}");
        for target in targets {
            used += check_expression(&metrics, target["expr"].as_str().unwrap());
        }
    }
    assert!(used >= 15, "{used}");
    // Every metric is of use to somebody: on the dashboard, or in a rule.
    let all = format!("{rules}{dashboard}");
    let unused: Vec<_> = metrics
        .keys()
        .filter(|name| !all.contains(name.as_str()))
        .collect();
    assert!(unused.len() <= 6, "{unused:?}");
}

#[test]
fn lines_fit_by_their_dots() {
    assert!(fits("a 12 b", "a … b") && fits("a", "a") && fits("ab", "a…") && fits("xaxb", "…a…b"));
    assert!(!fits("a 12 c", "a … b") && !fits("ab", "a"));
    assert!(all_fit(&["1", "2", "3"], &["…", "3"]) && !all_fit(&["1", "2"], &["…", "3"]));
}
