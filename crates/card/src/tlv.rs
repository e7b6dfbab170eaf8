//! BER-TLV data objects (ISO/IEC 8825-1, ISO/IEC 7816-4 section 5.2.2), as far as cards use them: tags of one or two
//! bytes, definite lengths of at most 65,535. Everything else is refused, nothing is read past the end.

/// Bytes that are no data object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed data object: {0}")]
pub struct BadTlv(&'static str);

/// A data object, borrowed from the file it stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// One or two bytes.
    pub tag: u16,
    /// What it holds.
    pub value: &'a [u8],
}

impl std::fmt::Debug for Tlv<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04X} length {}", self.tag, self.value.len())
    }
}

/// Tag, length of what it holds, and length of tag and length.
pub(crate) fn header(bytes: &[u8]) -> Result<(u16, usize, usize), BadTlv> {
    let end = BadTlv("it ends too early");
    let (first, rest) = bytes.split_first().ok_or(end)?;
    let (tag, rest) = if first & 0x1f == 0x1f {
        let (second, rest) = rest.split_first().ok_or(end)?;
        if second & 0x80 != 0 {
            return Err(BadTlv("its tag has more than two bytes"));
        }
        (u16::from_be_bytes([*first, *second]), rest)
    } else {
        (u16::from(*first), rest)
    };
    let (len, used) = match rest {
        [n @ 0..=0x7f, ..] => (usize::from(*n), 1),
        [0x81, n, ..] => (usize::from(*n), 2),
        [0x82, a, b, ..] => (usize::from(u16::from_be_bytes([*a, *b])), 3),
        [] | [0x81] | [0x82] | [0x82, _] => return Err(end),
        _ => return Err(BadTlv("its length is indefinite or has more than two bytes")),
    };
    Ok((tag, len, bytes.len() - rest.len() + used))
}

impl<'a> Tlv<'a> {
    /// The first data object of `bytes`, and what follows it.
    ///
    /// # Errors
    /// When there is none, or it runs past the end.
    pub fn first(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), BadTlv> {
        let (tag, len, head) = header(bytes)?;
        let (value, rest) = bytes[head..].split_at_checked(len).ok_or(BadTlv("it runs past the end"))?;
        Ok((Self { tag, value }, rest))
    }

    /// The data objects within this one, in order.
    ///
    /// # Errors
    /// When one is malformed.
    pub fn children(&self) -> Result<Vec<Tlv<'a>>, BadTlv> {
        let (mut found, mut rest) = (Vec::new(), self.value);
        while !rest.is_empty() {
            let (tlv, tail) = Tlv::first(rest)?;
            found.push(tlv);
            rest = tail;
        }
        Ok(found)
    }
}

/// Length of the file that begins with this data object, header included; `None` when the beginning doesn't say.
pub fn whole_len(beginning: &[u8]) -> Option<usize> {
    header(beginning).ok().map(|(_, len, head)| head + len)
}

/// Writes a data object. Longer values than 65,535 bytes don't occur on a card; they would be cut.
pub(crate) fn write(out: &mut Vec<u8>, tag: u16, value: &[u8]) {
    let value = &value[..value.len().min(0xffff)];
    let [high, low] = tag.to_be_bytes();
    if high != 0 {
        out.push(high);
    }
    out.push(low);
    match value.len() {
        n @ 0..=0x7f => out.push(n as u8),
        n @ 0x80..=0xff => out.extend_from_slice(&[0x81, n as u8]),
        n => {
            out.push(0x82);
            out.extend_from_slice(&(n as u16).to_be_bytes());
        }
    }
    out.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn objects_are_read_within_their_bounds() {
        let (tlv, rest) = Tlv::first(&[0xff, 0x20, 0x03, 0x04, 0x01, 0xaa, 0xff]).unwrap();
        assert_eq!((tlv.tag, rest), (0xff20, &[0xff][..]));
        assert_eq!(tlv.children().unwrap(), [Tlv { tag: 0x04, value: &[0xaa] }]);
        assert_eq!(whole_len(&[0x30, 0x82, 0x05, 0xb2]), Some(0x5b6));
        for bad in [
            &[][..],
            &[0x30],
            &[0x1f],
            &[0x1f, 0x81, 0x01, 0x00],
            &[0x30, 0x80, 0, 0],
            &[0x30, 0x82, 0x01],
            &[0x30, 0x83, 0, 0, 1, 0],
            &[0x30, 0x02, 0x01],
        ] {
            assert!(Tlv::first(bad).is_err(), "{bad:02x?}");
        }
        assert!(Tlv { tag: 0x30, value: &[0x04, 0x02, 0x00] }.children().is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(tag in prop::sample::select(vec![0x04u16, 0x30, 0xff20, 0xdf22, 0x5f37]), value in prop::collection::vec(any::<u8>(), 0..700), tail: [u8; 3]) {
            let mut bytes = Vec::new();
            write(&mut bytes, tag, &value);
            prop_assert_eq!(whole_len(&bytes), Some(bytes.len()));
            bytes.extend(tail);
            let (tlv, rest) = Tlv::first(&bytes).unwrap();
            prop_assert_eq!((tlv, rest), (Tlv { tag, value: &value }, &tail[..]));
        }

        #[test]
        fn never_reads_past_the_end(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok((tlv, rest)) = Tlv::first(&bytes) {
                prop_assert!(tlv.value.len() + rest.len() < bytes.len());
                let _ = tlv.children();
            }
        }
    }
}
