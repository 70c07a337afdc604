#include "manual.hpp"

#include <signalbox/config.hpp>
#include <signalbox/json.hpp>
#include <signalbox/version.hpp>

#include <CLI/CLI.hpp>

namespace app {
namespace {

using signalbox::json;

/// Text as it is, in the language of man pages.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (out.empty() && (c == '.' || c == '\'')) out += "\\&";  // else it would be a request
    switch (c) {
      case '\\':
        out += "\\[rs]";
        break;
      case '-':
        out += "\\-";
        break;
      case '`':
        out += "\\[ga]";
        break;
      case '\'':
        out += "\\[aq]";
        break;
      case '~':
        out += "\\[ti]";
        break;
      case '^':
        out += "\\[ha]";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string bold(std::string_view text) {
  return "\\fB" + roff(text) + "\\fR";
}

std::string italic(std::string_view text) {
  return "\\fI" + roff(text) + "\\fR";
}

/// A term, and under it what it means.
std::string entry(const std::string& term, std::string_view meaning) {
  return ".TP\n" + term + '\n' + roff(meaning) + '\n';
}

std::string option_entry(const CLI::Option& option) {
  if (option.get_positional()) return entry(italic(option.get_name(true)), option.get_description());
  const bool takes_value = option.get_expected_min() != 0;
  const std::string initial = option.get_default_str().empty() ? "" : " (default: " + option.get_default_str() + ")";
  return entry(bold(option.get_name()) + (takes_value ? " " + italic("VALUE") : ""),
               option.get_description() + initial);
}

std::string options_section(const CLI::App& program) {
  std::string out = ".SH OPTIONS\n";
  for (const CLI::Option* option : program.get_options()) out += option_entry(*option);
  return out;
}

std::string command_entry(const CLI::App& command) {
  std::string out = entry(bold(command.get_name()), command.get_description());
  std::string options;
  for (const CLI::Option* option : command.get_options()) {
    if (option != command.get_help_ptr()) options += option_entry(*option);
  }
  return options.empty() ? out : out + ".RS\n" + options + ".RE\n";
}

std::string setting_entry(const json& setting) {
  const auto text = [&](const char* key) { return setting.at(key).get<std::string>(); };
  std::string facts = "Default: " + (text("default").empty() ? "none" : text("default"));
  if (!text("unit").empty()) facts += ", in " + text("unit");
  if (!text("allowed").empty()) facts += "; allowed: " + text("allowed");
  return entry(bold(text("flag")) + ", " + bold(text("name")), text("what") + ' ' + facts + '.');
}

std::string commands_section(const CLI::App& program) {
  std::string out = ".SH COMMANDS\n";
  for (const CLI::App* command : program.get_subcommands(nullptr)) {
    if (!command->get_group().empty()) out += command_entry(*command);
  }
  return out;
}

std::string settings_section() {
  std::string out =
      ".SH SETTINGS\nFlags count over environment variables, and these over a file .env in the working directory.\n";
  for (const json& setting : json::parse(signalbox::Config::json_table())) out += setting_entry(setting);
  return out;
}

}  // namespace

std::string manual_page(const CLI::App& program) {
  return std::string(".TH SIGNALBOX 1 \"\" \"signalbox ") + signalbox::kVersion + "\" \"User Commands\"\n" +
         ".SH NAME\nsignalbox \\- job updates and presence for browsers\n"
         ".SH SYNOPSIS\n.B signalbox\n[\\fICOMMAND\\fR] [\\fISETTING\\fR...]\n"
         ".SH DESCRIPTION\n" +
         roff(program.get_description()) + '\n' + commands_section(program) + options_section(program) +
         settings_section() + ".SH FILES\n" +
         entry(italic(".env"), "Settings, in the working directory; `signalbox init` writes one.") +
         entry(italic("/etc/signalbox/signalbox.env"), "Settings of the service of the Debian package.") +
         entry(italic("/var/lib/signalbox"), "What that service keeps.") + ".SH EXIT STATUS\n" +
         entry(bold("0"), "done") + entry(bold("1"), "failed, a wrong or missing setting included") +
         entry(bold("2"), "wrong use");
}

}  // namespace app
