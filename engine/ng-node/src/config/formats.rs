//! The formats of logs that the person declares: a folder `formats` beside a file of the configuration.

use super::{Config, Layer};
use crate::NodeError;
use ng_reading::formats::{FormatFile, Formats};
use std::fs;
use std::path::Path;

/// Larger files are no formats.
const MOST_BYTES: u64 = 1 << 20;

/// What is wrong with the file of a format.
const CODE: &str = "NG-2109";

impl Layer {
    /// The files `*.toml` of a folder, in the order of their names; none when there is no such folder. What cannot be read
    /// is told with the others.
    pub fn formats_in(folder: &Path) -> (Vec<Layer>, Vec<NodeError>) {
        let (mut layers, mut errors) = (Vec::new(), Vec::new());
        let Ok(entries) = fs::read_dir(folder) else { return (layers, errors) };
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths.iter().filter(|path| path.extension().is_some_and(|end| end == "toml")) {
            match read(path) {
                Ok(text) => layers.push(Layer::Format(FormatFile { path: path.display().to_string(), text })),
                Err(what) => errors.push(NodeError::config(CODE, path.display().to_string(), what)),
            }
        }
        (layers, errors)
    }
}

impl Config {
    /// The formats that lines are tried with, and what is wrong with files that were left out.
    pub fn formats(&self) -> (Formats, Vec<NodeError>) {
        let (formats, faults) = Formats::with(&self.formats);
        (formats, faults.into_iter().map(|fault| NodeError::config(CODE, fault.place, fault.what)).collect())
    }
}

fn read(path: &Path) -> Result<String, String> {
    let about = fs::metadata(path).map_err(|error| error.to_string())?;
    if !about.is_file() || about.len() > MOST_BYTES {
        return Err(format!("expected a file of at most {MOST_BYTES} bytes"));
    }
    fs::read_to_string(path).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "title = 'T'\npattern = '<(?P<word>\\w+)>'\n[[sample]]\nline = '<a>'\nfields = { word = 'a' }\n";

    #[test]
    fn a_wrong_file_leaves_the_others_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &[u8]| fs::write(folder.path().join(name), text).unwrap();
        file("b_good.toml", GOOD.as_bytes());
        file("a_wrong.toml", b"title = 'T'\npattern = '(?P<word>'\n");
        file("c_bytes.toml", b"\xff");
        file("README.md", b"no format");
        let (layers, errors) = Layer::formats_in(folder.path());
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].place.ends_with("c_bytes.toml") && errors[0].code == CODE);
        let config = Config::resolve(&layers).unwrap();
        let (formats, errors) = config.formats();
        assert_eq!(formats.iter().next().map(|format| format.name), Some("b_good"));
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].place.ends_with("a_wrong.toml:2:12"), "{}", errors[0]);
    }

    #[test]
    fn without_a_folder_there_are_those_that_are_built_in() {
        let (layers, errors) = Layer::formats_in(Path::new("no-such-folder"));
        assert_eq!((layers.len(), errors.len()), (0, 0));
        let (formats, errors) = Config::resolve(&layers).unwrap().formats();
        assert_eq!((formats.iter().count(), errors.len()), (Formats::built_in().iter().count(), 0));
    }
}
