// An SQLite file that somebody overwrites in place (cp old.db chat.db) while it is open. It keeps
// its inode, and SQLite does not look: its cache and its -wal go on over pages of another time.
//
// What it cannot hide is the header, as it is in the file itself, without the -wal. Only
// checkpoints change it, forwards, to something that was committed. So two numbers in it have to be
// between what the file said last and what the database says through SQLite now, which does not go
// back either: the schema's version, which every backup tool of SQLite's changes in the copy, and
// the user version, in which we count our transactions (a plain copy of an earlier file has a lower
// one).
//
// Threading: the connection's.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>

namespace db {

struct FileVersions {
  std::uint32_t schema = 0;
  std::uint32_t user = 0;
};

struct SeenVersions {
  FileVersions file;      // of the file itself
  FileVersions database;  // through SQLite: with the -wal, and with what it remembers
};

// In the transaction that is open: one more of ours. An SQLite code.
int CountTransaction(sqlite3* database);

// False: the file is not the one that it was. True: `seen` is what it says now.
bool IsSameFile(sqlite3* database, SeenVersions& seen);

// Makes what is in the file now, without the -wal, the content of the database, for everybody who
// has it open. Empty, or why not: while somebody still writes the file it is none (try again).
std::string TakeFileAsItIs(sqlite3* database, const std::string& path);

}  // namespace db
