//! Pictures that strangers send: is this a logo that may be shown?
//!
//! A logo stands on pages where citizens decide whom to trust. So one kind is taken (PNG), its size is read from the header
//! before a single pixel is unpacked, and what is shown later is not the file that was sent but its pixels
//! written anew: no text chunks, no colour profiles, nothing behind the end.
//!
//! SVG is refused: it is a document (scripts, addresses, fonts, animation) and not a picture.
//!
//! ```
//! use base::Lang;
//! use paper::image::{self, LogoError};
//!
//! let refused = image::check_logo(b"<svg xmlns='http://www.w3.org/2000/svg'/>").unwrap_err();
//! assert_eq!(refused, LogoError::OtherKind("SVG"));
//! assert_eq!(refused.what(Lang::Ja), "ロゴはSVG形式です。PNG形式だけを受け付けます。");
//! ```

use std::io::Cursor;

use base::Lang;
use png::{BitDepth, ColorType, Decoder, Encoder, Limits, Transformations};

/// The largest file in bytes.
pub const MAX_BYTES: usize = 512 * 1024;
/// The smallest width and height in pixels: smaller ones are blurred on today's screens.
pub const MIN_EDGE: u32 = 48;
/// The largest width and height in pixels.
pub const MAX_EDGE: u32 = 2048;

/// A picture that may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    /// Its kind.
    pub kind: LogoKind,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The pixels, written anew. Store and show these and not the file that was sent.
    pub clean: Vec<u8>,
}

/// The kinds of picture that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogoKind {
    /// PNG (ISO/IEC 15948), not animated.
    Png,
}

impl LogoKind {
    /// The media type to serve it with.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
        }
    }
}

/// Why a picture is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoError {
    /// Animated PNG.
    #[error("the picture is animated")]
    Animated,
    /// Damaged, cut off, or followed by something else.
    #[error("the picture is damaged")]
    Damaged,
    /// Another kind of file; the name of the kind, or empty when it is not known.
    #[error("the picture is not a PNG file ({0})")]
    OtherKind(&'static str),
    /// More than [`MAX_BYTES`].
    #[error("the picture has {0} bytes, {MAX_BYTES} are taken")]
    TooLarge(usize),
    /// Less than [`MIN_EDGE`] or more than [`MAX_EDGE`] pixels wide or high.
    #[error("the picture has {width} × {height} pixels")]
    WrongDimensions {
        /// Width in pixels, as the header says.
        width: u32,
        /// Height in pixels, as the header says.
        height: u32,
    },
}

impl LogoError {
    /// What is wrong, for a reader.
    pub fn what(&self, lang: Lang) -> String {
        match (self, lang) {
            (Self::Animated, Lang::Ja) => "ロゴがアニメーション画像です。".into(),
            (Self::Animated, Lang::En) => "The logo is animated.".into(),
            (Self::Damaged, Lang::Ja) => "ロゴのファイルが壊れているため、読み取れません。".into(),
            (Self::Damaged, Lang::En) => "The logo file is damaged and cannot be read.".into(),
            (Self::OtherKind(""), Lang::Ja) => "ロゴのファイルがPNG形式ではありません。".into(),
            (Self::OtherKind(""), Lang::En) => "The logo is not a PNG file.".into(),
            (Self::OtherKind(kind), Lang::Ja) => format!("ロゴは{kind}形式です。PNG形式だけを受け付けます。"),
            (Self::OtherKind(kind), Lang::En) => format!("The logo is a {kind} file. Only PNG is accepted."),
            (Self::TooLarge(bytes), Lang::Ja) => {
                format!("ロゴのファイルが大きすぎます（{}KB）。", bytes.div_ceil(1024))
            }
            (Self::TooLarge(bytes), Lang::En) => format!("The logo file is too large ({} KB).", bytes.div_ceil(1024)),
            (Self::WrongDimensions { width, height }, Lang::Ja) => {
                format!("ロゴの大きさ（{width}×{height}ピクセル）が範囲外です。")
            }
            (Self::WrongDimensions { width, height }, Lang::En) => {
                format!("The logo's dimensions ({width} × {height} pixels) are outside the accepted range.")
            }
        }
    }

    /// How to mend it, for a reader.
    pub fn mend(&self, lang: Lang) -> String {
        match (self, lang) {
            (Self::Animated, Lang::Ja) => "静止画のPNGとして書き出し、もう一度選択してください。".into(),
            (Self::Animated, Lang::En) => "Export it as a still PNG picture and choose it again.".into(),
            (Self::Damaged | Self::OtherKind(_), Lang::Ja) => {
                "画像ソフトでPNG形式として書き出し、もう一度選択してください。".into()
            }
            (Self::Damaged | Self::OtherKind(_), Lang::En) => {
                "Export it as PNG from your image editor and choose it again.".into()
            }
            (Self::TooLarge(_), Lang::Ja) => format!("{}KB以下にしてください。", MAX_BYTES / 1024),
            (Self::TooLarge(_), Lang::En) => format!("Make it {} KB or smaller.", MAX_BYTES / 1024),
            (Self::WrongDimensions { .. }, Lang::Ja) => {
                format!("幅と高さをそれぞれ{MIN_EDGE}～{MAX_EDGE}ピクセルにしてください。")
            }
            (Self::WrongDimensions { .. }, Lang::En) => {
                format!("Make width and height each {MIN_EDGE} to {MAX_EDGE} pixels.")
            }
        }
    }
}

/// Looks at a file that is to be shown as a logo.
///
/// # Errors
/// [`LogoError`] names what is wrong. Nothing larger than the header is unpacked before the dimensions are known to be
/// within [`MIN_EDGE`] and [`MAX_EDGE`].
pub fn check_logo(bytes: &[u8]) -> Result<Logo, LogoError> {
    if bytes.len() > MAX_BYTES {
        return Err(LogoError::TooLarge(bytes.len()));
    }
    if !bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Err(LogoError::OtherKind(kind_of(bytes)));
    }
    // 2048 × 2048 pixels of 4 × 8 bit are 16 MiB; the limit bounds what the decoder holds besides.
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: 24 << 20 });
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let (width, height) = {
        let header = decoder.read_header_info().map_err(|_| LogoError::Damaged)?;
        (header.width, header.height)
    };
    if !(MIN_EDGE..=MAX_EDGE).contains(&width) || !(MIN_EDGE..=MAX_EDGE).contains(&height) {
        return Err(LogoError::WrongDimensions { width, height });
    }
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(|_| LogoError::Damaged)?;
    if reader.info().animation_control.is_some() {
        return Err(LogoError::Animated);
    }
    let mut pixels = vec![0; reader.output_buffer_size().ok_or(LogoError::Damaged)?];
    let frame = reader.next_frame(&mut pixels).map_err(|_| LogoError::Damaged)?;
    reader.finish().map_err(|_| LogoError::Damaged)?;
    // What stands behind the end may be another file (a "polyglot"); nobody needs it.
    if !bytes.ends_with(b"\0\0\0\0IEND\xaeB`\x82") {
        return Err(LogoError::Damaged);
    }
    pixels.truncate(frame.buffer_size());
    let clean = encode(width, height, frame.color_type, &pixels).ok_or(LogoError::Damaged)?;
    Ok(Logo { kind: LogoKind::Png, width, height, clean })
}

fn encode(width: u32, height: u32, color: ColorType, pixels: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, width, height);
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(pixels).ok()?;
    writer.finish().ok()?;
    Some(out)
}

fn kind_of(bytes: &[u8]) -> &'static str {
    let head = &bytes[..bytes.len().min(1024)];
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    match head {
        [0xff, 0xd8, 0xff, ..] => "JPEG",
        [b'G', b'I', b'F', b'8', ..] => "GIF",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "WebP",
        [b'B', b'M', ..] => "BMP",
        [b'%', b'P', b'D', b'F', ..] => "PDF",
        [0x1f, 0x8b, ..] => "SVGZ",
        _ if text.contains("<svg") => "SVG",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn picture(width: u32, height: u32, animated: bool) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = Encoder::new(&mut out, width, height);
        encoder.set_color(ColorType::Rgba);
        encoder.add_text_chunk("Comment".into(), "taken at home".into()).unwrap();
        if animated {
            encoder.set_animated(2, 0).unwrap();
        }
        let mut writer = encoder.write_header().unwrap();
        for _ in 0..if animated { 2 } else { 1 } {
            let pixels: Vec<u8> = (0..width as usize * height as usize * 4).map(|i| (i % 251) as u8).collect();
            writer.write_image_data(&pixels).unwrap();
        }
        writer.finish().unwrap();
        out
    }

    #[test]
    fn a_logo_is_taken_and_cleaned() {
        let sent = picture(200, 100, false);
        let logo = check_logo(&sent).unwrap();
        assert_eq!((logo.width, logo.height, logo.kind.media_type()), (200, 100, "image/png"));
        assert!(sent.windows(4).any(|w| w == b"tEXt") && !logo.clean.windows(4).any(|w| w == b"tEXt"));
        let again = check_logo(&logo.clean).unwrap();
        assert_eq!(again.clean, logo.clean, "cleaning twice changes nothing");
    }

    #[test]
    fn dimensions_are_judged_by_the_header_alone() {
        // 30,000 × 30,000 pixels in the header of a file of a few bytes.
        let mut huge = picture(64, 64, false);
        huge[16..20].copy_from_slice(&30_000u32.to_be_bytes());
        huge[20..24].copy_from_slice(&30_000u32.to_be_bytes());
        let crc = crc(&huge[12..29]);
        huge[29..33].copy_from_slice(&crc.to_be_bytes());
        huge.truncate(60);
        assert_eq!(check_logo(&huge), Err(LogoError::WrongDimensions { width: 30_000, height: 30_000 }));
        assert_eq!(check_logo(&picture(8, 64, false)), Err(LogoError::WrongDimensions { width: 8, height: 64 }));
    }

    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0u32, |crc, b| {
            (0..8).fold(crc ^ u32::from(*b), |c, _| if c & 1 == 1 { (c >> 1) ^ 0xedb8_8320 } else { c >> 1 })
        })
    }

    #[test]
    fn everything_else_is_refused_by_name() {
        assert_eq!(check_logo(&picture(64, 64, true)), Err(LogoError::Animated));
        assert_eq!(check_logo(b"\xff\xd8\xff\xe0"), Err(LogoError::OtherKind("JPEG")));
        assert_eq!(check_logo(b"GIF89a"), Err(LogoError::OtherKind("GIF")));
        assert_eq!(check_logo(b"<?xml version='1.0'?><SVG onload='alert(1)'/>"), Err(LogoError::OtherKind("SVG")));
        assert_eq!(check_logo(b""), Err(LogoError::OtherKind("")));
        assert_eq!(check_logo(&vec![0; MAX_BYTES + 1]), Err(LogoError::TooLarge(MAX_BYTES + 1)));
        let sent = picture(64, 64, false);
        assert_eq!(check_logo(&sent[..sent.len() - 20]), Err(LogoError::Damaged));
        let mut tail = sent;
        tail.extend_from_slice(b"PK\x03\x04");
        assert_eq!(check_logo(&tail), Err(LogoError::Damaged));
        for error in [LogoError::Animated, LogoError::Damaged, LogoError::OtherKind(""), LogoError::TooLarge(1)] {
            for lang in Lang::ALL {
                assert!(!error.what(lang).is_empty() && !error.mend(lang).is_empty());
            }
        }
    }

    proptest! {
        #[test]
        fn never_panics(noise in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..8), cut in any::<usize>()) {
            let mut bytes = picture(48, 48, false);
            for (at, value) in noise {
                let at = at % bytes.len();
                bytes[at] = value;
            }
            bytes.truncate(cut % (bytes.len() + 1));
            let _ = check_logo(&bytes);
        }
    }
}
