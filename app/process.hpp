#pragma once

// What the program arranges for its process as a whole; the library changes nothing there.
namespace app {

/// Those of the descriptors 0 to 2 that are closed become /dev/null: or a socket would come to be there, and get what
/// is printed and logged. To be called first. Throws std::system_error.
void open_standard_descriptors();

/// A pipe whose reader has gone, and a file that may grow no more, are errors to who writes and not the end of a
/// server. Other commands end like any program in a pipe.
void ignore_signals_of_writes();

}  // namespace app
