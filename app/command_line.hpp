#pragma once
#include <CLI/CLI.hpp>

#include "commands.hpp"
#include "demo.hpp"

namespace app {

/// The program's command line: its own flags by CLI11; the settings' flags were taken out before.
struct CommandLine {
  CLI::App program{"Pushes job updates to browsers and knows who is online, on the Socket.IO protocol.", "signalbox"};
  InitRequest init;
  TokenRequest token;
  EmitRequest emit;
  OnlineRequest online;
  DoctorRequest doctor;
  DemoRequest demo;

  CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  bool is(const char* command) const { return program.got_subcommand(command); }

 private:
  void add_init(CLI::App& command);
  void add_demo(CLI::App& command);
  void add_token(CLI::App& command);
  void add_emit(CLI::App& command);
  void add_online(CLI::App& command);
  void add_doctor(CLI::App& command);
  void add_hidden();
};

}  // namespace app
