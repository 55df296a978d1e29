//! Globs, and the paths that match them. The syntax is that of the crate `glob`; the walk is not, because that of the crate
//! knows only names that are UTF-8.

use super::name;
use glob::{MatchOptions, Pattern, PatternError};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

const MATCH: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// Paths that match, and folders that cannot be listed.
pub(super) type Listed = Result<PathBuf, (PathBuf, io::Error)>;

/// A glob, ready to be expanded.
#[derive(Debug)]
pub(super) struct Glob {
    text: String,
    from_root: bool,
    parts: Vec<Part>,
}

/// What one component of a path must be.
#[derive(Debug)]
enum Part {
    /// This name.
    Name(OsString),
    /// A name that matches.
    Wild(Pattern),
    /// Any number of folders, none included.
    Deep,
}

impl Glob {
    /// Refuses what is no glob.
    pub(super) fn new(text: &str) -> Result<Glob, PatternError> {
        Pattern::new(text)?;
        let mut parts = Vec::new();
        for component in text.split('/').filter(|component| !component.is_empty()) {
            parts.push(match component {
                "**" => Part::Deep,
                _ if component.contains(['*', '?', '[']) => {
                    Part::Wild(Pattern::new(&name::characters(&name::bytes(component)))?)
                }
                _ => Part::Name(name::bytes(component)),
            });
        }
        // One that stands behind another adds nothing.
        parts.dedup_by(|part, before| matches!((part, before), (Part::Deep, Part::Deep)));
        Ok(Glob { text: text.to_owned(), from_root: text.starts_with('/'), parts })
    }

    /// As it was written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The path that it is, when it has no wildcards.
    pub(super) fn path(&self) -> Option<PathBuf> {
        self.parts.iter().try_fold(self.start(), |path, part| match part {
            Part::Name(name) => Some(beneath(&path, name)),
            Part::Wild(_) | Part::Deep => None,
        })
    }

    /// The file that bears its text as its name, wildcards and all.
    pub(super) fn spelled_out(&self) -> PathBuf {
        PathBuf::from(name::bytes(&self.text))
    }

    /// Calls `each` with every path that matches, sorted by name in each folder. Nothing is opened.
    pub(super) fn expand(&self, each: &mut dyn FnMut(Listed)) {
        walk(&self.start(), &self.parts, each);
    }

    fn start(&self) -> PathBuf {
        PathBuf::from(if self.from_root { "/" } else { "." })
    }
}

fn walk(path: &Path, parts: &[Part], each: &mut dyn FnMut(Listed)) {
    let Some((part, rest)) = parts.split_first() else { return each(Ok(path.into())) };
    match part {
        Part::Name(name) => {
            let next = beneath(path, name);
            if fs::symlink_metadata(&next).is_ok() {
                walk(&next, rest, each);
            }
        }
        Part::Wild(_) => {
            for child in children(path, each) {
                if part.matches(&child.name) {
                    walk(&child.path, rest, each);
                }
            }
        }
        // At the end it matches folders alone, which hold no lines.
        Part::Deep if rest.is_empty() => {}
        Part::Deep => descend(path, rest, each),
    }
}

/// Goes on with `parts`, of which there is one at least, in a folder and in all folders beneath it.
fn descend(folder: &Path, parts: &[Part], each: &mut dyn FnMut(Listed)) {
    for child in children(folder, each) {
        if parts[0].matches(&child.name) {
            walk(&child.path, &parts[1..], each);
        }
        if child.is_folder {
            descend(&child.path, parts, each);
        }
    }
}

impl Part {
    fn matches(&self, name: &OsStr) -> bool {
        match self {
            Part::Name(own) => own == name,
            Part::Wild(pattern) => pattern.matches_with(&name::characters(name), MATCH),
            Part::Deep => true,
        }
    }
}

struct Child {
    name: OsString,
    path: PathBuf,
    is_folder: bool,
}

/// What a folder holds, sorted by name; names with a dot in front are left out. Nothing when it is no folder.
fn children(folder: &Path, each: &mut dyn FnMut(Listed)) -> Vec<Child> {
    if !folder.is_dir() {
        return Vec::new();
    }
    let child = |entry: io::Result<fs::DirEntry>| {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type());
        let path = beneath(folder, &name);
        let is_folder = match kind {
            Ok(kind) if !kind.is_symlink() => kind.is_dir(),
            _ => path.is_dir(),
        };
        Ok(Child { name, path, is_folder })
    };
    let listed = fs::read_dir(folder).and_then(|entries| entries.map(child).collect::<io::Result<Vec<Child>>>());
    match listed {
        Ok(mut children) => {
            children.retain(|child| !child.name.as_bytes().starts_with(b"."));
            children.sort_by(|a, b| a.name.cmp(&b.name));
            children
        }
        Err(error) => {
            each(Err((folder.into(), error)));
            Vec::new()
        }
    }
}

/// A path in a folder. The present folder is not named.
fn beneath(folder: &Path, name: &OsStr) -> PathBuf {
    if folder == Path::new(".") { PathBuf::from(name) } else { folder.join(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(glob: &str) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        Glob::new(glob).unwrap().expand(&mut |listed| paths.extend(listed));
        paths
    }

    #[test]
    fn globs_match_as_those_of_the_crate_did() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| format!("{}/{name}", folder.path().display());
        for path in ["a/x", "a/y/z", "b/.hidden", ".dot/x", "[1]"] {
            fs::create_dir_all(at(path)).unwrap();
        }
        for path in ["a/1.log", "a/x/2.log", "a/y/z/3.log", "b/.hidden/4.log", ".dot/x/5.log", "[1]/6.log", "a/.7.log"]
        {
            fs::write(at(path), "").unwrap();
        }
        for path in ["größe.log", "a\\b.log", "{a,b}.log", "^a.log", "a.log", "b.log", "]", "-.log"] {
            fs::write(at(path), "").unwrap();
        }
        std::os::unix::fs::symlink(at("a"), at("link")).unwrap();
        std::os::unix::fs::symlink(at("nowhere"), at("broken.log")).unwrap();
        let globs = [
            "*.log",
            "*/*.log",
            "**/*.log",
            "a/**/*.log",
            "a/**/**/3.log",
            "**/z/*",
            "a/**",
            "?.log",
            "gr??e.log",
            "[ab].log",
            "[!a].log",
            "[^a].log",
            "[a-c].log",
            "[]]",
            "[-a].log",
            "{a,b}.log",
            "a\\b.log",
            "a.log",
            "nothing.log",
            "a//x/*.log",
            "a/./x/*.log",
            "a/../b.log",
            "*/../*.log",
            ".dot/*/*.log",
            "a/.*.log",
            "a/.7.log",
            "**/.7.log",
            "[[]1]/*",
            "link/*.log",
            "link/**/3.log",
            "broken.log",
            "a.log/*",
            "*",
            "**/*",
        ];
        for glob in globs {
            let before: Vec<PathBuf> = glob::glob_with(&at(glob), MATCH).unwrap().map(Result::unwrap).collect();
            // Folders that `**` matches at the end hold no lines.
            let before = if glob.ends_with("**") { Vec::new() } else { before };
            assert_eq!(expanded(&at(glob)), before, "{glob}");
        }
    }

    #[test]
    fn what_is_no_glob_is_refused() {
        for glob in ["[", "a/[b", "***", "a**", "a**/b", "[a/b]"] {
            assert!(Glob::new(glob).is_err(), "{glob}");
        }
    }

    #[test]
    fn a_glob_without_wildcards_is_a_path() {
        let check = |glob: &str, expect: Option<&str>| {
            assert_eq!(Glob::new(glob).unwrap().path(), expect.map(PathBuf::from), "{glob}");
        };
        check("/var//log/./a.log", Some("/var/log/./a.log"));
        check("a.log", Some("a.log"));
        check("./a.log", Some("a.log"));
        check("/", Some("/"));
        check("a]", Some("a]"));
        check("a[1]", None);
        check("**/a", None);
    }
}
