//! One text for one JSON value, to make digests of.

use base::codec::{b64url, sha256};
use serde::Serialize;
use serde_json::Value;

/// The value with sorted keys and no blanks.
pub(crate) fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

/// base64url of SHA-256 of [`canonical`].
pub(crate) fn digest(value: &impl Serialize) -> String {
    // None of our types has a map with keys other than texts, so that this can't fail.
    let value = serde_json::to_value(value).unwrap_or_default();
    b64url(&sha256(canonical(&value).as_bytes()))
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            // Another crate may have serde_json keep the order of insertion.
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            out.push('{');
            for (i, key) in keys.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(&Value::String(key.clone()).to_string());
                out.push(':');
                write(&map[key], out);
            }
            out.push('}');
        }
        Value::Array(list) => {
            out.push('[');
            for (i, v) in list.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(v, out);
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_sorted_at_every_depth() {
        let a = json!({"b": [{"z": 1, "a": null}], "a": "縁\n\"", "ab": true});
        assert_eq!(canonical(&a), "{\"a\":\"縁\\n\\\"\",\"ab\":true,\"b\":[{\"a\":null,\"z\":1}]}");
        assert_eq!(digest(&json!({})), "RBNvo1WzZ4oRRq0W9-hknpT7T8If536DEMBg9hyq_4o");
    }
}
