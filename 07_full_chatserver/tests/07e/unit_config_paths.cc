// Settings that name a file or a folder: what is on the disk is looked at before anything starts.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "services/config/load.h"
#include "tests/support/storage_support.h"

namespace {

using config::Loaded;
using config::LoadText;

struct ConfigPaths : testing::Test {
  ConfigPaths() {
    std::filesystem::create_directory(folder.File("folder"));
    std::ofstream(folder.File("file")) << "here";
  }
  // The one problem of a file with this section; empty: none.
  std::string Problem(const std::string& section, const std::string& key, const std::string& name,
                      const std::string& more = "") {
    const Loaded loaded = LoadText(
        "[" + section + "]\n" + key + " = '" + folder.File(name) + "'\n" + more, "paths.toml");
    EXPECT_LE(loaded.problems.size(), 1U);
    return loaded.ok() ? "" : loaded.problems[0];
  }
  // The same, for a name that stands in the problem.
  std::string Said(const std::string& key, const std::string& name, const std::string& what) {
    return "paths.toml:2: " + key + ": " + folder.File(name) + what;
  }
  storage_test::TemporaryFolder folder;
};

TEST_F(ConfigPaths, AFolderIsNoFile) {
  const std::string what = " is a folder; allowed: a file, or the name of one that is to be made";
  EXPECT_EQ(Problem("database", "path", "folder"), Said("database.path", "folder", what));
  EXPECT_EQ(Problem("log", "file", "folder"), Said("log.file", "folder", what));
  EXPECT_EQ(Problem("country", "database", "folder"),
            Said("country.database", "folder", " is a folder; allowed: an MMDB file, or empty"));
  EXPECT_EQ(Problem("country", "database", "none"),
            Said("country.database", "none", " does not exist; allowed: an MMDB file, or empty"));
  EXPECT_EQ(Problem("login", "redis_socket", "folder"),
            Said("login.redis_socket", "folder", " is a folder; allowed: a socket, or empty"));
  EXPECT_EQ(Problem("database", "socket", "file", "kind = 'mariadb'\n"),
            Said("database.socket", "file", " is a file; allowed: a socket, or empty"));
}

TEST_F(ConfigPaths, AFileIsNoFolder) {
  const std::string folder_wanted =
      " is not a folder; allowed: a folder, or the name of one that is to be made";
  EXPECT_EQ(Problem("journal", "folder", "file"), Said("journal.folder", "file", folder_wanted));
  EXPECT_EQ(Problem("journal", "folder", "file/deep/er"),
            Said("journal.folder", "file", folder_wanted));
  const std::string file_wanted =
      " is not a folder; allowed: a file, or the name of one that is to be made";
  EXPECT_EQ(Problem("database", "path", "file/chat.db"),
            Said("database.path", "file", file_wanted));
  EXPECT_EQ(Problem("log", "file", "file/chat.log"), Said("log.file", "file", file_wanted));
}

TEST_F(ConfigPaths, WhatIsThereOrCanBeMadeIsAllowed) {
  for (const char* name : {"file", "new", "folder/new", "new/folder/file"}) {
    EXPECT_EQ(Problem("database", "path", name), "") << name;
    EXPECT_EQ(Problem("log", "file", name), "") << name;
  }
  for (const char* name : {"folder", "new", "new/folder"}) {
    EXPECT_EQ(Problem("journal", "folder", name), "") << name;
  }
  EXPECT_EQ(Problem("login", "redis_socket", "not/yet/there"), "");
  // Not used, so not asked about.
  EXPECT_EQ(Problem("database", "path", "folder", "kind = 'mariadb'\n"), "");
  EXPECT_EQ(Problem("login", "redis_socket", "folder", "store = 'memory'\n"), "");
}

TEST_F(ConfigPaths, AProblemWithAPathIsOneLine) {
  const Loaded loaded = LoadText("[country]\ndatabase = \"no\\nsuch\\tfile\"\n", "paths.toml");
  ASSERT_EQ(loaded.problems.size(), 1U);
  EXPECT_EQ(loaded.problems[0].find_first_of("\n\t"), std::string::npos) << loaded.problems[0];
}

}  // namespace
