//! Globs, and the paths that match them. The syntax is that of the crate `glob`; the walk is not, because that of the crate
//! knows only names that are UTF-8.

use super::name;
use glob::{MatchOptions, Pattern, PatternError};
use ng_model::intake::Shutdown;
use std::collections::{HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

const MATCH: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };
/// Folders beneath each other into which `**` goes.
const DEPTH: usize = 64;
/// Entries of folders that are looked at for one glob.
const ENTRIES: usize = 1 << 18;

/// What is found on the way.
#[derive(Debug)]
pub(super) enum Listed {
    /// A path that matches.
    Path(PathBuf),
    /// A folder that cannot be listed.
    Closed(PathBuf, io::Error),
    /// There is more beneath this folder than is looked at; in words. Told once.
    Cut(PathBuf, String),
}

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

    /// Calls `each` with every path that matches, sorted by name in each folder, until it says `Shutdown`; it is asked at
    /// `pause` too, while nothing matches. Nothing is opened.
    ///
    /// For `**` a folder is entered once, whatever leads to it: a link to a folder above would make the way endless, and
    /// two of them twice as long with every step. Links come last, so that a file is found under its own path.
    pub(super) fn expand(
        &self,
        pause: &dyn Fn() -> Result<(), Shutdown>,
        each: &mut dyn FnMut(Listed),
    ) -> Result<(), Shutdown> {
        self.walk(Most { depth: DEPTH, entries: ENTRIES }, pause, each)
    }

    fn walk(
        &self,
        most: Most,
        pause: &dyn Fn() -> Result<(), Shutdown>,
        each: &mut dyn FnMut(Listed),
    ) -> Result<(), Shutdown> {
        let mut walk =
            Walk { most, left: most.entries, entered: HashSet::new(), links: VecDeque::new(), cut: false, pause, each };
        walk.follow(&self.start(), &self.parts)?;
        while let Some(Link { path, parts, depth }) = walk.links.pop_front() {
            walk.descend(&path, parts, depth)?;
        }
        Ok(())
    }

    fn start(&self) -> PathBuf {
        PathBuf::from(if self.from_root { "/" } else { "." })
    }
}

/// How far a walk goes.
#[derive(Clone, Copy, Debug)]
struct Most {
    depth: usize,
    entries: usize,
}

/// One expansion on its way.
struct Walk<'a> {
    most: Most,
    /// Entries that may still be looked at.
    left: usize,
    /// Folders that were entered for `**`, by device and inode, with how many parts were to come.
    entered: HashSet<(u64, u64, usize)>,
    links: VecDeque<Link<'a>>,
    /// It was told that something is left out.
    cut: bool,
    pause: &'a dyn Fn() -> Result<(), Shutdown>,
    each: &'a mut dyn FnMut(Listed),
}

/// A symbolic link to a folder that is still to be entered.
struct Link<'a> {
    path: PathBuf,
    parts: &'a [Part],
    depth: usize,
}

impl<'a> Walk<'a> {
    fn follow(&mut self, path: &Path, parts: &'a [Part]) -> Result<(), Shutdown> {
        let Some((part, rest)) = parts.split_first() else {
            (self.each)(Listed::Path(path.into()));
            return (self.pause)();
        };
        match part {
            Part::Name(name) => {
                let next = beneath(path, name);
                if fs::symlink_metadata(&next).is_ok() {
                    self.follow(&next, rest)?;
                }
            }
            Part::Wild(_) => {
                for child in self.children(path)? {
                    if part.matches(&child.name) {
                        self.follow(&child.path, rest)?;
                    }
                }
            }
            // At the end it matches folders alone, which hold no lines.
            Part::Deep if rest.is_empty() => {}
            Part::Deep => self.descend(path, rest, 0)?,
        }
        Ok(())
    }

    /// Goes on with `parts`, of which there is one at least, in a folder and in all folders beneath it.
    fn descend(&mut self, folder: &Path, parts: &'a [Part], depth: usize) -> Result<(), Shutdown> {
        let Ok(metadata) = fs::metadata(folder) else { return Ok(()) };
        if !self.entered.insert((metadata.dev(), metadata.ino(), parts.len())) {
            return Ok(());
        }
        for child in self.children(folder)? {
            if parts[0].matches(&child.name) {
                self.follow(&child.path, &parts[1..])?;
            }
            match child.kind {
                Kind::Folder | Kind::Link if depth == self.most.depth => {
                    let words = format!("folders more than {} deep are left out", self.most.depth);
                    self.cut(folder, words);
                }
                Kind::Folder => self.descend(&child.path, parts, depth + 1)?,
                Kind::Link => self.links.push_back(Link { path: child.path, parts, depth: depth + 1 }),
                Kind::Other => {}
            }
        }
        Ok(())
    }

    /// What a folder holds, sorted by name; names with a dot in front are left out. Nothing when it is no folder.
    fn children(&mut self, folder: &Path) -> Result<Vec<Child>, Shutdown> {
        (self.pause)()?;
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let mut children = Vec::new();
        match fs::read_dir(folder) {
            Ok(entries) => {
                for entry in entries {
                    if self.left == 0 {
                        self.cut(folder, format!("of more than {} entries the rest is left out", self.most.entries));
                        break;
                    }
                    self.left -= 1;
                    match entry {
                        Ok(entry) if entry.file_name().as_bytes().starts_with(b".") => {}
                        Ok(entry) => children.push(Child::of(folder, &entry)),
                        Err(error) => {
                            (self.each)(Listed::Closed(folder.into(), error));
                            break;
                        }
                    }
                    if self.left.is_multiple_of(PAUSE) {
                        (self.pause)()?;
                    }
                }
            }
            Err(error) => (self.each)(Listed::Closed(folder.into(), error)),
        }
        children.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(children)
    }

    fn cut(&mut self, folder: &Path, words: String) {
        if !self.cut {
            self.cut = true;
            (self.each)(Listed::Cut(folder.into(), words));
        }
    }
}

/// Entries of one folder between two looks at the stop.
const PAUSE: usize = 1024;

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
    kind: Kind,
}

enum Kind {
    Folder,
    /// A symbolic link to a folder.
    Link,
    Other,
}

impl Child {
    fn of(folder: &Path, entry: &fs::DirEntry) -> Child {
        let name = entry.file_name();
        let path = beneath(folder, &name);
        let kind = match entry.file_type() {
            Ok(kind) if kind.is_dir() => Kind::Folder,
            Ok(kind) if !kind.is_symlink() => Kind::Other,
            _ if path.is_dir() => Kind::Link,
            _ => Kind::Other,
        };
        Child { name, path, kind }
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
        let (paths, told) = walked(glob, Most { depth: DEPTH, entries: ENTRIES });
        assert_eq!(told, [""; 0]);
        paths
    }

    /// The paths that match, and what else is told.
    fn walked(glob: &str, most: Most) -> (Vec<PathBuf>, Vec<String>) {
        let (mut paths, mut told) = (Vec::new(), Vec::new());
        let mut each = |listed| match listed {
            Listed::Path(path) => paths.push(path),
            Listed::Closed(folder, error) => told.push(format!("{}: {error}", folder.display())),
            Listed::Cut(folder, words) => told.push(format!("{}: {words}", folder.display())),
        };
        Glob::new(glob).unwrap().walk(most, &|| Ok(()), &mut each).unwrap();
        (paths, told)
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
            let expanded = expanded(&at(glob));
            if glob.contains("**") {
                // Of the paths to one file there is one, and it is its own.
                let mut real: Vec<_> = before.iter().filter_map(|path| path.canonicalize().ok()).collect();
                real.sort();
                real.dedup();
                let mut found: Vec<_> = expanded.iter().filter_map(|path| path.canonicalize().ok()).collect();
                found.sort();
                found.dedup();
                assert_eq!(found, real, "{glob}");
                let through_link =
                    expanded.iter().filter(|path| path.starts_with(at("link/")) && **path != *at("link"));
                assert_eq!(through_link.count() > 0, glob.starts_with("link/"), "{glob}: {expanded:?}");
            } else {
                assert_eq!(expanded, before, "{glob}");
            }
        }
    }

    #[test]
    fn links_that_lead_back_are_entered_once() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in ["a", "a/b", "a/b/c"] {
            fs::create_dir(root.join(name)).unwrap();
            fs::write(root.join(name).join("1.log"), "").unwrap();
            for link in 0..4 {
                std::os::unix::fs::symlink("..", root.join(name).join(format!("0{link}"))).unwrap();
            }
        }
        let expect = ["a/1.log", "a/b/1.log", "a/b/c/1.log"].map(|name| root.join(name));
        assert_eq!(expanded(&format!("{}/**/*.log", root.display())), expect);
        let twice = expanded(&format!("{}/**/b/**/*.log", root.display()));
        assert_eq!(twice.iter().map(|path| path.canonicalize().unwrap()).collect::<HashSet<_>>().len(), 3, "{twice:?}");
        assert!(twice.len() < 20, "{twice:?}");
    }

    #[test]
    fn what_is_left_out_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_str().unwrap();
        fs::create_dir_all(format!("{root}/a/b/c")).unwrap();
        for name in ["a/1", "a/b/2", "a/b/c/3", "a/b/c/4"] {
            fs::write(format!("{root}/{name}"), "").unwrap();
        }
        let check = |depth, entries, found: &[&str], told: &[String]| {
            let all = walked(&format!("{root}/**/[0-9]"), Most { depth, entries });
            assert_eq!(all, (found.iter().map(|name| Path::new(root).join(name)).collect(), told.to_vec()));
        };
        check(3, 7, &["a/1", "a/b/2", "a/b/c/3", "a/b/c/4"], &[]);
        check(1, 7, &["a/1"], &[format!("{root}/a: folders more than 1 deep are left out")]);
        let told = format!("{root}/a/b/c: of more than 5 entries the rest is left out");
        let (found, said) = walked(&format!("{root}/**/[0-9]"), Most { depth: 9, entries: 5 });
        assert_eq!((found.len(), said), (2, vec![told]));
    }

    #[test]
    fn a_walk_ends_when_it_is_stopped() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a", "b", "c"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let asked = std::cell::Cell::new(0);
        let pause = || {
            asked.set(asked.get() + 1);
            if asked.get() == 3 { Err(Shutdown) } else { Ok(()) }
        };
        let glob = Glob::new(&format!("{}/**/*.log", folder.path().display())).unwrap();
        assert_eq!(glob.expand(&pause, &mut |_| {}), Err(Shutdown));
        assert_eq!(asked.get(), 3, "nothing matches, and it is asked all the same");
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
