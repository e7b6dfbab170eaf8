//! The house's own data files, and how mistakes in an operator's are named.

use base::Lang;
use procedures::{Catalogue, SourceFile};

#[test]
fn the_houses_own_catalogue_is_sound() {
    let c = Catalogue::builtin().unwrap_or_else(|e| panic!("{e}"));
    let steps: Vec<&str> = c.procedure("admission").unwrap().steps.iter().map(|s| s.id.as_str()).collect();
    let expected: Vec<String> = (1..=19).map(|n| format!("A-{n}")).collect();
    assert_eq!(steps, expected);
    // Tables 6.1-1 and 6.2-1 of the guideline, by number and title.
    for (id, heading) in [
        ("sheet-1-test", "API-設シ1 サービス情報設定シート（接続確認環境）"),
        ("sheet-1-production", "API-設シ1 サービス情報設定シート（本番環境）"),
        ("sheet-2", "API-設シ2 接続情報設定シート（接続確認環境）"),
        ("sheet-4", "API-設シ4 接続情報設定シート（本番環境）"),
        ("form-3", "API－申請等様式3 マイナポータルAPI接続確認環境利用申請書"),
        ("form-4", "API－申請等様式4 接続試験完了報告書"),
        ("form-6", "API－申請等様式6 本番環境利用申請書"),
        ("form-7", "API－申請等様式7 利用内容変更申請書"),
        ("form-8-suspension", "API－申請等様式8 利用停止・利用再開届出書（利用停止）"),
        ("form-8-resumption", "API－申請等様式8 利用停止・利用再開届出書（利用再開）"),
        ("form-9", "API－申請等様式9 利用終了届出書"),
        ("form-10", "API－申請等様式10 本番環境動作確認完了報告書"),
    ] {
        assert_eq!(c.form(id).unwrap().heading(Lang::Ja), heading);
    }
}

fn with(name: &str, from: &str, to: &str) -> Vec<String> {
    let mut files = Catalogue::builtin_files();
    let file = files.iter_mut().find(|f| f.name == name).unwrap();
    assert!(file.text.contains(from), "{name} has no {from:?}");
    file.text = file.text.replacen(from, to, 1);
    Catalogue::load(&files).map_or_else(|e| e.0, |_| Vec::new())
}

#[test]
fn mistakes_are_named_with_file_and_place() {
    let a = "procedures/admission.toml";
    let s2 = "forms/sheet-2.toml";
    for (name, from, to, what) in [
        (s2, "required = true", "requred = true", "forms/sheet-2.toml, line"),
        (s2, "required = true", "requred = true", "unknown field `requred`"),
        (s2, "kind = \"jwks\"", "kind = \"jwk\"", "unknown variant `jwk`"),
        (s2, "ja = \"公開鍵（JWKS）\", ", "", "missing field `ja`"),
        (s2, "ja = \"公開鍵（JWKS）\"", "ja = \"\"", "field jwks: a text is empty in ja or en"),
        (s2, "id = \"jwks\"", "id = \"redirect_uris\"", "field 'redirect_uris' stands there twice"),
        (s2, "id = \"sheet-2\"", "id = \"sheet-3\"", "has to be the name of the file"),
        (s2, "metadata = \"jwks\"", "metadata = \"jwks_url\"", "metadata 'jwks_url' is none of"),
        (
            s2,
            "basis = \"guideline 6.1\"",
            "basis = \"the guideline\"",
            "has to be 'guideline SECTION' or 'reconstruction'",
        ),
        (s2, "environment = \"test\"", "environment = \"production\"", "promotes a sheet of the test environment"),
        (
            s2,
            "id = \"initiate_login_uri\"",
            "id = \"other\"",
            "lacks the field 'other' of 'sheet-2', which is a setting",
        ),
        (a, "forms = [\"form-4\"]", "forms = [\"form-5\"]", "step A-12, task submit: form 'form-5' is not in forms/"),
        (a, "phase = \"production\"", "phase = \"prod\"", "phase 'prod' is not in phases.toml"),
        (a, "id = \"A-5\"", "id = \"A-4\"", "step 'A-4' stands there twice"),
        (
            a,
            "act = \"review\"\nlabel = { ja = \"企画書",
            "act = \"confirm\"\nlabel = { ja = \"企画書",
            "step A-4, task approve: an approval has to follow its review",
        ),
        (a, "actor = \"approver\"", "actor = \"reviewer\"", "can't be the task of Reviewer"),
        (a, "effect = \"provision_test\"", "", "apply needs an effect"),
        (a, "effect = \"record_tested\"", "effect = \"start_service\"", "StartService belongs to an apply task"),
        (a, "reopen = [\"A-15\"]", "reopen = [\"A-18\"]", "reopen 'A-18' is not an earlier step"),
        (
            "procedures/suspension.toml",
            "forms = [\"form-8-suspension\"]",
            "forms = [\"form-10\"]",
            "none of its forms has a field that means planned_date",
        ),
        (
            "procedures/change.toml",
            "skippable = true\n[[step.task]]\nactor = \"applicant\"\nact = \"submit\"\nforms = [\"form-3\"",
            "[[step.task]]\nactor = \"applicant\"\nact = \"submit\"\nforms = [\"form-3\"",
            "without the skippable steps",
        ),
        ("phases.toml", "\"form-10\",", "\"form-11\",", "forms lists 'form-11', but there is no forms/form-11.toml"),
        ("phases.toml", "\"form-10\",", "", "forms does not list 'form-10'"),
        ("calendar.toml", "\"2026-01-01\"", "\"2026-1-1\"", "holidays: '2026-1-1' is not YYYY-MM-DD"),
        ("forms/form-7.toml", "field = \"with_other_apis\"", "field = \"others\"", "when names the field 'others'"),
        ("forms/form-9.toml", "means = \"planned_date\"", "means = \"planned_time\"", "can't mean PlannedTime"),
        ("forms/form-6.toml", "kind = \"testers\"", "kind = \"line\"", "columns belong to the kinds table and testers"),
        ("forms/form-4.toml", "after = \"performed_from\"", "after = \"results\"", "after belongs to a date"),
    ] {
        let found = with(name, from, to);
        assert!(found.iter().any(|m| m.contains(what)), "{from} → {to}: {found:#?}");
        assert!(found.iter().all(|m| m.contains(".toml")), "{found:#?}");
    }
    let stray = SourceFile { name: "form/x.toml".to_owned(), text: String::new() };
    assert!(Catalogue::overlay(&[stray]).unwrap_err().to_string().contains("not a file of a catalogue"));
}

#[test]
fn an_operators_file_replaces_ours() {
    let mut file = Catalogue::builtin_files().into_iter().find(|f| f.name == "procedures/admission.toml").unwrap();
    file.text = file.text.replace("自己試験", "スタブ試験");
    let c = Catalogue::overlay(&[file]).unwrap();
    assert_eq!(c.procedure("admission").unwrap().step("A-6").unwrap().label.ja, "スタブ試験");
}
