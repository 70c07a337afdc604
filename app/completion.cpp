#include <signalbox/config.hpp>
#include <signalbox/json.hpp>

#include <CLI/CLI.hpp>

#include "manual.hpp"

namespace app {
namespace {

using signalbox::json;

void add_word(std::string& list, const std::string& word) {
  if (!list.empty()) list += ' ';
  list += word;
}

std::string flags_of(const CLI::App& command) {
  std::string out;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) add_word(out, "--" + name);
  }
  return out;
}

std::vector<const CLI::App*> commands_of(const CLI::App& program) {
  return program.get_subcommands([](const CLI::App* command) { return !command->get_group().empty(); });
}

/// A line of a `case`: for these patterns the words are these.
std::string branch(const std::string& pattern, const std::string& words) {
  return "    " + pattern + ") words='" + words + "' ;;\n";
}

/// By the word before: the values of its setting, where these are few. `--data-dir` has a folder's name.
std::string values_by_flag(const json& settings) {
  std::string out;
  for (const json& setting : settings) {
    if (setting.at("choices").empty()) continue;
    std::string words;
    for (const json& word : setting.at("choices")) add_word(words, word.get<std::string>());
    out += branch(setting.at("flag").get<std::string>(), words);
  }
  return out;
}

std::string flags_by_command(const CLI::App& program) {
  std::string names, out;
  for (const CLI::App* command : commands_of(program)) {
    add_word(names, command->get_name());
    out += branch(command->get_name(), flags_of(*command));
  }
  return branch("''", names + ' ' + flags_of(program)) + out;
}

/// The names of commands as one pattern: serve|demo
std::string any_command(const CLI::App& program) {
  std::string out;
  for (const CLI::App* command : commands_of(program)) out += (out.empty() ? "" : "|") + command->get_name();
  return out;
}

}  // namespace

std::string bash_completion(const CLI::App& program) {
  const json settings = json::parse(signalbox::Config::json_table());
  std::string flags;
  for (const json& setting : settings) add_word(flags, setting.at("flag").get<std::string>());
  return "# Completion of signalbox for bash; `signalbox completion` prints it.\n"
         "_signalbox() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command= words= i\n"
         "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
         "    case ${COMP_WORDS[i]} in " +
         any_command(program) +
         ") command=${COMP_WORDS[i]} ;; esac\n"
         "  done\n"
         "  case $before in\n" +
         values_by_flag(settings) +
         "    --file | --data-dir) COMPREPLY=($(compgen -f -- \"$word\")) && return ;;\n"
         "  esac\n"
         "  [ -n \"$words\" ] || case $command in\n" +
         flags_by_command(program) +
         "  esac\n"
         "  case $word in -*) words+=' " +
         flags +
         "' ;; esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
         "}\n"
         "complete -F _signalbox signalbox\n";
}

}  // namespace app
