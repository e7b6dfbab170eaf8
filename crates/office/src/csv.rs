//! Tables as CSV (RFC 4180) for spreadsheets: UTF-8 with a mark so that they read Japanese, and no cell that runs as a formula.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};

/// Writes rows. A cell that a spreadsheet would take for a formula gets an apostrophe before it (OWASP "CSV injection").
pub(crate) fn write<R, C>(rows: impl IntoIterator<Item = R>) -> String
where
    R: IntoIterator<Item = C>,
    C: AsRef<str>,
{
    let mut out = String::from("\u{feff}");
    for row in rows {
        for (at, cell) in row.into_iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            push_cell(&mut out, cell.as_ref());
        }
        out.push_str("\r\n");
    }
    out
}

fn push_cell(out: &mut String, cell: &str) {
    let formula = cell
        .trim_start_matches([' ', '\u{3000}'])
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    // A negative number is a number.
    let formula = formula && cell.parse::<f64>().is_err();
    if !formula && !cell.contains(['"', ',', '\n', '\r']) {
        out.push_str(cell);
        return;
    }
    out.push('"');
    if formula {
        out.push('\'');
    }
    out.push_str(&cell.replace('"', "\"\""));
    out.push('"');
}

/// As a download.
pub(crate) fn respond(name: &'static str, text: String) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        let text = write([["a", "b,c", "d\"e"], ["=1+1", "@x", "-5"], ["-5+cmd|'x'", "　＝1", "\tx"]]);
        let lines: Vec<_> = text.trim_start_matches('\u{feff}').split("\r\n").collect();
        assert_eq!(lines[0], "a,\"b,c\",\"d\"\"e\"");
        assert_eq!(lines[1], "\"'=1+1\",\"'@x\",-5");
        assert_eq!(lines[2], "\"'-5+cmd|'x'\",\"'　＝1\",\"'\tx\"");
    }

    proptest! {
        #[test]
        fn no_cell_starts_a_formula(cell in "[=+@\t\r\n \"',a-z-]{0,8}") {
            let text = write([[cell.as_str()]]);
            let field = text.trim_start_matches('\u{feff}').trim_end_matches("\r\n");
            let read = match field.strip_prefix('"') {
                Some(quoted) => quoted.strip_suffix('"').unwrap().replace("\"\"", "\""),
                None => field.to_owned(),
            };
            prop_assert_eq!(read.strip_prefix('\'').unwrap_or(&read), cell.strip_prefix('\'').unwrap_or(&cell));
            let body = read.trim_start_matches(' ');
            let number = cell.trim().parse::<f64>().is_ok();
            prop_assert!(number || !body.starts_with(['=', '+', '-', '@', '\t']), "{text:?}");
        }
    }
}
