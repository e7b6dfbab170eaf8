//! The house's own data files, embedded.

use super::SourceFile;

macro_rules! embed {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../data/", $name)))),*]
    };
}

const FILES: &[(&str, &str)] = embed![
    "phases.toml",
    "calendar.toml",
    "procedures/admission.toml",
    "procedures/change.toml",
    "procedures/suspension.toml",
    "procedures/resumption.toml",
    "procedures/termination.toml",
    "procedures/emergency.toml",
    "forms/plan.toml",
    "forms/check-eligibility.toml",
    "forms/check-security.toml",
    "forms/sheet-1-test.toml",
    "forms/sheet-1-production.toml",
    "forms/sheet-2.toml",
    "forms/sheet-4.toml",
    "forms/form-3.toml",
    "forms/form-4.toml",
    "forms/form-6.toml",
    "forms/form-7.toml",
    "forms/form-8-suspension.toml",
    "forms/form-8-resumption.toml",
    "forms/form-9.toml",
    "forms/form-10.toml",
];

pub(super) fn files() -> Vec<SourceFile> {
    FILES.iter().map(|(name, text)| SourceFile { name: (*name).to_owned(), text: (*text).to_owned() }).collect()
}
