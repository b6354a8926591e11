//! JUnit's XML, which build servers read.

use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use crate::{
    failure::Failure,
    test::outcome::{Outcome, Status},
};

use super::table;

/// A suite for each file.
pub fn document(outcomes: &[Outcome], elapsed: Duration) -> Result<String, Failure> {
    let mut report = quick_junit::Report::new("weir test");
    report.set_time(elapsed);
    for of_file in outcomes.chunk_by(|one, other| one.file == other.file) {
        let mut suite = TestSuite::new(of_file[0].file.as_str());
        let seconds = of_file.iter().map(|outcome| outcome.seconds).sum();
        suite.set_time(Duration::from_secs_f64(seconds));
        suite.add_test_cases(of_file.iter().map(case));
        report.add_test_suite(suite);
    }
    let document = report.to_string();
    document.map_err(|error| Failure::new(format!("cannot write the report as XML: {error}")))
}

fn case(outcome: &Outcome) -> TestCase {
    let kind = match outcome.status {
        Status::Pass => None,
        Status::Fail => Some(NonSuccessKind::Failure),
        Status::Error => Some(NonSuccessKind::Error),
    };
    let status = match kind {
        None => TestCaseStatus::success(),
        Some(kind) => {
            let mut status = TestCaseStatus::non_success(kind);
            status.set_message(outcome.message.as_deref().unwrap_or_default());
            status.set_description(description(outcome));
            status
        }
    };
    let mut case = TestCase::new(outcome.name.as_str(), status);
    case.set_classname(outcome.file.as_str());
    case.set_time(Duration::from_secs_f64(outcome.seconds));
    case.extra
        .insert("file".into(), outcome.file.as_str().into());
    case.extra
        .insert("line".into(), outcome.line.to_string().as_str().into());
    case
}

fn description(outcome: &Outcome) -> String {
    let place = outcome.place.as_ref();
    let place = place.map_or(String::new(), |place| {
        format!("{}:{}:{}\n", place.file, place.line, place.column)
    });
    let difference = outcome.difference.as_deref();
    let difference = difference.map_or(String::new(), |found| table::table(found, None));
    format!("{place}{}{difference}", outcome.details)
}
