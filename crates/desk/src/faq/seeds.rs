//! The entries that a new desk begins with.

use base::Timestamp;

use crate::store::faq::Entry;

struct Seed {
    id: &'static str,
    topic: &'static str,
    ja: [&'static str; 2],
    en: [&'static str; 2],
}

const SEEDS: &[Seed] = &[
    Seed {
        id: "faq_who",
        topic: "general",
        ja: [
            "誰が申請できますか。",
            "民間事業者、国の機関、地方公共団体、その他の行政機関等です（利用ガイドライン1.2）。主体要件とセキュリティ要件を満たすことを、チェックシートと証跡で示してください。",
        ],
        en: [
            "Who can apply?",
            "Private businesses, national bodies, local governments and other public bodies (guideline 1.2). Show with the checklists and evidence that you meet the requirements on who may apply and on security.",
        ],
    },
    Seed {
        id: "faq_spec",
        topic: "application",
        ja: [
            "仕様書はいつ見られますか。",
            "API利用申請（開示）が承認されると、組織のページから見られるようになります。",
        ],
        en: [
            "When can we see the specifications?",
            "Once your application for disclosure is approved, they can be read from your organisation's page.",
        ],
    },
    Seed {
        id: "faq_excel",
        topic: "application",
        ja: [
            "Excelで記入できますか。",
            "できます。各書類の画面から.xlsxファイルをダウンロードし、記入してからアップロードしてください。誤りがあれば、シートとセルと直し方を示します。内容を確認して取り込むまで、下書きは変わりません。",
        ],
        en: [
            "Can we fill the forms in with a spreadsheet?",
            "Yes. Download the .xlsx file from a form's page, fill it in and upload it. Mistakes are named by sheet and cell, with the way to mend them. The draft stays as it is until you take the contents over.",
        ],
    },
    Seed {
        id: "faq_jwks",
        topic: "settings",
        ja: [
            "JWKSとは何ですか。どう作りますか。",
            "APIを呼ぶシステムの公開鍵の一覧です。ポータルは、この鍵で皆さまのシステムの署名を確かめます。作り方は「鍵の作り方」のページにあります。秘密鍵は、絶対に入力しないでください。",
        ],
        en: [
            "What is a JWKS, and how do we make one?",
            "The list of the public keys of the system that calls the API. The portal checks your system's signatures with them. The page \"Making keys\" shows how. Never enter a private key.",
        ],
    },
    Seed {
        id: "faq_redirect",
        topic: "settings",
        ja: [
            "リダイレクトURIは前方一致ですか。",
            "いいえ。登録したものと一文字も違わないものだけを受け付けます。リバースプロキシの内側のホスト名になっていないかを確かめてください。",
        ],
        en: [
            "Are redirect addresses matched by prefix?",
            "No. Only exactly what was registered is accepted. Check that it is not the internal host name behind a reverse proxy.",
        ],
    },
    Seed {
        id: "faq_two_weeks",
        topic: "service",
        ja: [
            "停止・再開・終了は、いつまでに届け出ますか。",
            "まず、このサイトから予定をご連絡ください。届出フォームを開きますので、原則として予定日の2週間前までに提出してください（利用ガイドライン5.2〜5.4）。",
        ],
        en: [
            "How long before a suspension, resumption or termination do we notify?",
            "First tell us on this site what you plan. We then open the notification form; submit it, in principle, at least two weeks before the planned day (guideline 5.2 to 5.4).",
        ],
    },
];

/// The entries, first versions.
pub(super) fn entries(now: Timestamp) -> Vec<Entry> {
    let entry = |(position, s): (usize, &Seed)| Entry {
        id: s.id.to_owned(),
        topic: s.topic.to_owned(),
        position: i64::try_from(position).unwrap_or(0),
        version: 1,
        published: true,
        updated_at: now,
        question_ja: s.ja[0].to_owned(),
        answer_ja: s.ja[1].to_owned(),
        question_en: s.en[0].to_owned(),
        answer_en: s.en[1].to_owned(),
    };
    SEEDS.iter().enumerate().map(entry).collect()
}
