#pragma once
#include <string>

namespace CLI {
class App;
}

// What `--help` says, in the forms that a package brings along. From the same tables: the commands of the program, and
// Config::json_table().
namespace app {

/// The manual page signalbox(1), for man.
std::string manual_page(const CLI::App& program);
/// Completion of commands, flags and their values, for bash.
std::string bash_completion(const CLI::App& program);

}  // namespace app
