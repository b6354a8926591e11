//! The folder of an engine, for one process at a time.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
};

use crate::Error;

/// Held as long as the engine lives: the operating system lets it go when the process ends, however it ends.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the folder if need be, and locks it; a folder in use is refused with the number of the process.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let cannot = |what: &str, error: std::io::Error| {
            Error::external(format!("cannot {what} `{}`: {error}", path.display()))
                .hint("choose another folder with --data DIR")
        };
        fs::create_dir_all(path).map_err(|error| cannot("make the folder", error))?;
        let lock_path = path.join("lock");
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&lock_path)
            .map_err(|error| cannot("open the lock of", error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // The holder may not have written its number yet.
                let _ = lock.read_to_string(&mut holder);
                let holder = holder.trim();
                let holder = if holder.is_empty() {
                    "another one"
                } else {
                    holder
                };
                return Err(Error::user(format!("{} is in use by process {holder}", path.display()))
                    .hint("stop that process, or choose another folder with --data DIR and another --service-id"));
            }
            Err(TryLockError::Error(error)) => return Err(cannot("lock", error)),
        }
        let written = lock
            .set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| write!(lock, "{}", std::process::id()))
            .and_then(|()| lock.flush());
        written.map_err(|error| cannot("write the lock of", error))?;
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The user's data folder for a service id.
pub fn default_path(service_id: &str) -> Result<PathBuf, Error> {
    let base = dirs::data_dir().ok_or_else(|| {
        Error::user("there is no data folder for this user").hint("name one with --data DIR")
    })?;
    Ok(base.join("weir").join(file_name(service_id)))
}

/// An id as the name of a folder: different for different ids, free of slashes and points.
pub fn file_name(id: &str) -> String {
    let mut name = String::with_capacity(id.len());
    for byte in id.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            _ => name.push_str(&format!("%{byte:02X}")),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::DataDir;

    #[test]
    fn a_folder_in_use_is_refused_with_its_holder() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataDir::open(folder.path()).unwrap();
        let error = DataDir::open(folder.path()).unwrap_err();
        assert!(
            error
                .message
                .ends_with(&format!("is in use by process {}", std::process::id())),
            "{error}"
        );
        drop(first);
        assert!(DataDir::open(folder.path()).is_ok());
    }
}
