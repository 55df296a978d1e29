//! The schema file and the golden frames stand for what this crate really encodes.
//!
//! `make schema` runs this test with `UPDATE_SCHEMA=1`, which writes the schema file instead of comparing it.

use ng_wire::{Frame, Hello, PatternView, RecordDetail, Request, Row, TallyView, ViewState};
use schemars::JsonSchema;
use std::path::{Path, PathBuf};

/// One field for each type that crosses a border on its own.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Wire {
    hello: Hello,
    frames: Vec<Frame>,
    request: Request,
    rows: Vec<Row>,
    view: ViewState,
    tally: TallyView,
    pattern: PatternView,
    detail: RecordDetail,
}

fn schema_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema")
}

#[test]
fn schema_file_is_fresh() {
    let path = schema_folder().join("wire.schema.json");
    let fresh = serde_json::to_string_pretty(&schemars::schema_for!(Wire)).unwrap() + "\n";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == fresh, "schema/wire.schema.json is stale: run `make schema` and look at the difference");
}

#[test]
fn golden_frames_survive_decoding_and_encoding() {
    let mut seen = 0;
    for entry in std::fs::read_dir(schema_folder().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let golden: serde_json::Value = serde_json::from_str(&text).unwrap();
        let again = if path.file_name().unwrap().to_str().unwrap().starts_with("request") {
            let request: Request = serde_json::from_str(&text).unwrap();
            let packed = rmp_serde::to_vec_named(&request).unwrap();
            assert_eq!(rmp_serde::from_slice::<Request>(&packed).unwrap(), request, "{}", path.display());
            serde_json::to_value(&request).unwrap()
        } else {
            let frame: Frame = serde_json::from_str(&text).unwrap();
            let packed = rmp_serde::to_vec_named(&frame).unwrap();
            assert_eq!(rmp_serde::from_slice::<Frame>(&packed).unwrap(), frame, "{}", path.display());
            serde_json::to_value(&frame).unwrap()
        };
        assert_eq!(again, golden, "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 8, "only {seen} golden frames found");
}
