#include "typed_token.hpp"

#include <iostream>

namespace app {

std::string typed_token(const std::string& argument) {
  if (argument != "-") return argument;
  std::string line;
  std::getline(std::cin, line);
  return line;
}

}  // namespace app
