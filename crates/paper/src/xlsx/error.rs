//! Why a file or a cell is refused, for people: what is wrong, where, and how to mend it.

use std::fmt;

use base::Lang;

/// Why a whole file is refused. Each has a text that says what is wrong and one that says how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Cut off, or not the XML that it should be. Detail for the log.
    #[error("the file is damaged: {0}")]
    Damaged(String),
    /// A link that makes the spreadsheet program start other programs (DDE).
    #[error("the file contains a DDE link")]
    Dde,
    /// Pictures of other programs, ActiveX, packed files. The part's name.
    #[error("the file contains an embedded object ({0})")]
    EmbeddedObject(String),
    /// Protected by a password.
    #[error("the file is encrypted")]
    Encrypted,
    /// Links to other workbooks, data connections, remote templates. The part's name.
    #[error("the file contains a link to other files ({0})")]
    ExternalLink(String),
    /// Macros. The part's name.
    #[error("the file contains macros ({0})")]
    Macros(String),
    /// Sheets of two different forms, versions or copies in one file.
    #[error("the sheets belong to different forms")]
    MixedForms,
    /// A workbook, but not one of ours: no sheet carries the identification.
    #[error("the file is not one of our forms")]
    NotOurForm,
    /// Another kind of file.
    #[error("the file is not an .xlsx workbook but {0:?}")]
    OtherKind(OtherKind),
    /// Larger than the limit in bytes.
    #[error("the file has {bytes} bytes, {limit} are taken")]
    TooLarge {
        /// Size of the file.
        bytes: usize,
        /// What is taken.
        limit: usize,
    },
    /// Unpacks to more than a form needs, or claims to. What it is.
    #[error("the file unpacks to more than is read: {0}")]
    TooMuchInside(&'static str),
}

/// Kinds of files that people take for a workbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherKind {
    /// Excel before 2007.
    Xls,
    /// Excel's binary workbook.
    Xlsb,
    /// A template of Excel.
    Xltx,
    /// OpenDocument, as LibreOffice saves by default.
    Ods,
    /// Comma-separated or other text.
    Text,
    /// PDF.
    Pdf,
    /// Word, PowerPoint.
    OtherOffice,
    /// Any other zip archive.
    Zip,
    /// Nothing in it.
    Empty,
    /// Anything else.
    Unknown,
}

impl Refusal {
    /// What is wrong, for a reader.
    pub fn what(&self, lang: Lang) -> String {
        let (ja, en): (String, String) = match self {
            Self::Damaged(_) => {
                ("ファイルが壊れているため、読み取れません。".into(), "The file is damaged and cannot be read.".into())
            }
            Self::Dde => (
                "ファイルに、ほかのプログラムを呼び出すリンク（DDE）が含まれています。".into(),
                "The file contains a link that starts other programs (DDE).".into(),
            ),
            Self::EmbeddedObject(part) => (
                format!("ファイルに、埋め込まれたオブジェクトが含まれています（{part}）。"),
                format!("The file contains an embedded object ({part})."),
            ),
            Self::Encrypted => (
                "ファイルがパスワードで保護されているため、読み取れません。".into(),
                "The file is protected by a password and cannot be read.".into(),
            ),
            Self::ExternalLink(part) => (
                format!("ファイルに、ほかのファイルや外部データへのリンクが含まれています（{part}）。"),
                format!("The file contains a link to other files or outside data ({part})."),
            ),
            Self::Macros(_) => ("ファイルにマクロが含まれています。".into(), "The file contains macros.".into()),
            Self::MixedForms => (
                "1つのファイルに、別々の様式のシートが入っています。".into(),
                "The file has sheets of different forms in it.".into(),
            ),
            Self::NotOurForm => (
                "このファイルは、ここからダウンロードした様式ではありません。".into(),
                "This file is not a form that was downloaded here.".into(),
            ),
            Self::OtherKind(kind) => match kind {
                OtherKind::Xls => (
                    "古い形式（.xls）のExcelファイルです。".into(),
                    "This is an Excel file in the old format (.xls).".into(),
                ),
                OtherKind::Xlsb => {
                    ("バイナリ形式（.xlsb）のExcelファイルです。".into(), "This is a binary Excel file (.xlsb).".into())
                }
                OtherKind::Xltx => {
                    ("Excelのテンプレート（.xltx）です。".into(), "This is an Excel template (.xltx).".into())
                }
                OtherKind::Ods => {
                    ("OpenDocument形式（.ods）のファイルです。".into(), "This is an OpenDocument file (.ods).".into())
                }
                OtherKind::Text => {
                    ("CSVなどのテキストファイルです。".into(), "This is a text file, such as CSV.".into())
                }
                OtherKind::Pdf => ("PDFファイルです。".into(), "This is a PDF file.".into()),
                OtherKind::OtherOffice => (
                    "Wordなど、Excel以外のファイルです。".into(),
                    "This is a file of Word or the like, not of Excel.".into(),
                ),
                OtherKind::Zip => (
                    "zipファイルで、Excelのファイルではありません。".into(),
                    "This is a zip file, not an Excel file.".into(),
                ),
                OtherKind::Empty => ("ファイルが空です。".into(), "The file is empty.".into()),
                OtherKind::Unknown => {
                    ("Excelのファイル（.xlsx）ではありません。".into(), "This is not an Excel file (.xlsx).".into())
                }
            },
            Self::TooLarge { bytes, .. } => (
                format!("ファイルが大きすぎます（{}KB）。", bytes.div_ceil(1024)),
                format!("The file is too large ({} KB).", bytes.div_ceil(1024)),
            ),
            Self::TooMuchInside(_) => (
                "ファイルの中身が、様式に必要な量を大きく超えています。".into(),
                "The file holds far more than the form needs.".into(),
            ),
        };
        pick(lang, ja, en)
    }

    /// How to mend it, for a reader.
    pub fn mend(&self, lang: Lang) -> String {
        let (ja, en): (String, String) = match self {
            Self::Damaged(_) => (
                "ExcelまたはLibreOfficeで開いて「Excelブック（.xlsx）」として保存し直し、もう一度アップロードしてください。開けないときは、様式をダウンロードし直してください。".into(),
                "Open it in Excel or LibreOffice, save it as “Excel Workbook (.xlsx)” and upload it again. If it does not open, download the form anew.".into(),
            ),
            Self::Dde | Self::EmbeddedObject(_) | Self::ExternalLink(_) => (
                "様式をダウンロードし直し、値だけを貼り付けて（「形式を選択して貼り付け」の「値」）アップロードしてください。".into(),
                "Download the form anew, paste the values only (“Paste Special”, “Values”) and upload it.".into(),
            ),
            Self::Encrypted => (
                "パスワードを外して保存し直し、もう一度アップロードしてください。".into(),
                "Remove the password, save it and upload it again.".into(),
            ),
            Self::Macros(_) => (
                "「Excelブック（.xlsx）」として保存し直し（マクロは保存されません）、もう一度アップロードしてください。".into(),
                "Save it as “Excel Workbook (.xlsx)”, which leaves out the macros, and upload it again.".into(),
            ),
            Self::MixedForms | Self::NotOurForm => (
                "この手続のページから様式をダウンロードし、そのファイルに記入してアップロードしてください。".into(),
                "Download the form from the page of this procedure, fill in that file and upload it.".into(),
            ),
            Self::OtherKind(OtherKind::Empty) => (
                "ファイルの保存が終わっているかを確かめ、もう一度選択してください。".into(),
                "See whether the file was saved completely and choose it again.".into(),
            ),
            Self::OtherKind(_) => (
                "記入した様式を「Excelブック（.xlsx）」として保存し、そのファイルを選択してください。".into(),
                "Save the filled-in form as “Excel Workbook (.xlsx)” and choose that file.".into(),
            ),
            Self::TooLarge { limit, .. } => (
                format!("{}KB以下にしてください。画像などを貼り付けたときは取り除いてください。", limit / 1024),
                format!("Make it {} KB or smaller. Remove pictures, if you pasted any.", limit / 1024),
            ),
            Self::TooMuchInside(_) => (
                "様式をダウンロードし直し、値だけを貼り付けてアップロードしてください。".into(),
                "Download the form anew, paste the values only and upload it.".into(),
            ),
        };
        pick(lang, ja, en)
    }
}

/// A cell: sheet, row and column, both from 0. Displays as `Sheet!C7`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    /// Name of the sheet.
    pub sheet: String,
    /// Row, from 0.
    pub row: u32,
    /// Column, from 0.
    pub column: u32,
}

impl At {
    /// As people see it in the spreadsheet: `C7`.
    pub fn cell(&self) -> String {
        let mut letters = Vec::new();
        let mut n = u64::from(self.column) + 1;
        while n > 0 {
            n -= 1;
            letters.push(char::from(b'A' + (n % 26) as u8));
            n /= 26;
        }
        letters.iter().rev().collect::<String>() + &(u64::from(self.row) + 1).to_string()
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}!{}", self.sheet, self.cell())
    }
}

/// A cell that cannot be taken as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellError {
    /// The sheet it is about.
    pub sheet: String,
    /// The cell; none when the cell is missing.
    pub at: Option<At>,
    /// Id of the field or table, when it is one.
    pub field: Option<String>,
    /// Label of the field, or of table and column.
    pub label: String,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An error of the spreadsheet (`#N/A`, `#REF!` …).
    ErrorValue(String),
    /// A formula where a value has to stand.
    Formula,
    /// Characters that cannot be seen.
    Invisible,
    /// The field's cell is not in the file any more.
    Missing,
    /// Not one of the choices. What was typed, and the choices' labels.
    NotAChoice(String, Vec<String>),
    /// Neither ○ nor empty. What was typed.
    NotAMark(String),
    /// Something was written where it is not read.
    Stray,
    /// More characters than are read.
    TooLong {
        /// Characters in the cell.
        chars: usize,
        /// What is read.
        limit: usize,
    },
    /// The field is there twice (its row was copied).
    Twice,
}

impl CellError {
    /// Where it is, for a reader: 「シート「申請者」のセル C7（代表電話番号）」.
    pub fn place(&self, lang: Lang) -> String {
        let label = match (lang, self.label.as_str()) {
            (_, "") => String::new(),
            (Lang::Ja, label) => format!("（{label}）"),
            (Lang::En, label) => format!(" ({label})"),
        };
        match (lang, &self.at) {
            (Lang::Ja, Some(at)) => format!("シート「{}」のセル {}{label}", self.sheet, at.cell()),
            (Lang::Ja, None) => format!("シート「{}」{label}", self.sheet),
            (Lang::En, Some(at)) => format!("Sheet “{}”, cell {}{label}", self.sheet, at.cell()),
            (Lang::En, None) => format!("Sheet “{}”{label}", self.sheet),
        }
    }

    /// What is wrong, for a reader.
    pub fn what(&self, lang: Lang) -> String {
        let (ja, en): (String, String) = match &self.fault {
            Fault::ErrorValue(value) => {
                (format!("エラー値（{value}）が入っています。"), format!("There is an error value ({value})."))
            }
            Fault::Formula => ("数式が入っています。".into(), "There is a formula.".into()),
            Fault::Invisible => (
                "目に見えない制御文字が入っています。".into(),
                "There are control characters that cannot be seen.".into(),
            ),
            Fault::Missing => (
                "この項目の欄が、ファイルから無くなっています。".into(),
                "This item's cell is not in the file any more.".into(),
            ),
            Fault::NotAChoice(given, _) => {
                (format!("「{given}」は選択肢にありません。"), format!("“{given}” is not one of the choices."))
            }
            Fault::NotAMark(given) => (
                format!("「{given}」と入力されています。ここには○だけを入力できます。"),
                format!("It says “{given}”. Only ○ can be entered here."),
            ),
            Fault::Stray => (
                "入力欄ではない場所に入力されています。".into(),
                "Something was entered outside the cells to fill in.".into(),
            ),
            Fault::TooLong { chars, limit } => (
                format!("文字数が多すぎます（{chars}文字、上限{limit}文字）。"),
                format!("The text is too long ({chars} characters, {limit} at most)."),
            ),
            Fault::Twice => ("同じ項目の欄が2つあります。".into(), "This item's cell is there twice.".into()),
        };
        pick(lang, ja, en)
    }

    /// How to mend it, for a reader.
    pub fn mend(&self, lang: Lang) -> String {
        let (ja, en): (String, String) = match &self.fault {
            Fault::ErrorValue(_) | Fault::Formula => (
                "数式ではなく、値を入力してください。".into(),
                "Enter the value itself instead of a formula.".into(),
            ),
            Fault::Invisible => ("いったん消して、入力し直してください。".into(), "Delete the content and type it again.".into()),
            Fault::Missing => (
                "様式をダウンロードし直し、行や列を消さずに記入してください。".into(),
                "Download the form anew and fill it in without deleting rows or columns.".into(),
            ),
            Fault::NotAChoice(_, allowed) => (
                format!("次の中から選んでください：{}", allowed.join("、")),
                format!("Choose one of: {}", allowed.join("; ")),
            ),
            Fault::NotAMark(_) => (
                "当てはまるときは○を選び、当てはまらないときは空欄にしてください。".into(),
                "Choose ○ if it applies and leave it empty if not.".into(),
            ),
            Fault::Stray => (
                "入力欄に移すか、消してください。表の行が足りないときは、表の中に行を挿入してください。".into(),
                "Move it to a cell to fill in, or delete it. If a table has too few rows, insert rows inside the table.".into(),
            ),
            Fault::TooLong { limit, .. } => (
                format!("{limit}文字以内にしてください。"),
                format!("Shorten it to {limit} characters."),
            ),
            Fault::Twice => ("コピーした行を消してください。".into(), "Delete the row that was copied.".into()),
        };
        pick(lang, ja, en)
    }

    /// All in one sentence: place, what, mend.
    pub fn message(&self, lang: Lang) -> String {
        match lang {
            Lang::Ja => format!("{}：{}{}", self.place(lang), self.what(lang), self.mend(lang)),
            Lang::En => format!("{}: {} {}", self.place(lang), self.what(lang), self.mend(lang)),
        }
    }
}

fn pick(lang: Lang, ja: String, en: String) -> String {
    match lang {
        Lang::Ja => ja,
        Lang::En => en,
    }
}
