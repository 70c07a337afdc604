#include "redis/error.hpp"

#include <algorithm>
#include <array>

namespace signalbox::redis {
namespace {

struct Remedy {
  std::string_view begins;  ///< what Redis says
  std::string_view remedy;
};
constexpr std::array kRemedies = {
    Remedy{"NOAUTH",
           "Redis wants a password: write it into REDIS_URL as redis://user:password@host or "
           "redis://:password@host"},
    Remedy{"WRONGPASS", "the user or the password in REDIS_URL is wrong, or that user is off (ACL LIST shows it)"},
    Remedy{"ERR invalid password", "the password in REDIS_URL is wrong"},
    Remedy{"ERR AUTH <password> called without any password", "this Redis has no password: leave it out of REDIS_URL"},
    Remedy{"ERR Client sent AUTH, but no password is set", "this Redis has no password: leave it out of REDIS_URL"},
    Remedy{"NOPERM", "the user in REDIS_URL may not do that: allow it with ACL SETUSER"},
    Remedy{"DENIED", "Redis is in protected mode and takes no clients of other machines: give it a password"},
    Remedy{"LOADING", "Redis is reading its data from the disk: wait until it has"},
    Remedy{"READONLY", "this Redis is a replica: REDIS_URL must name the primary, or Sentinel"},
    Remedy{"MASTERDOWN", "this Redis is a replica without its primary: REDIS_URL must name the primary, or Sentinel"},
    Remedy{"OOM", "Redis is at its maxmemory: raise it, or choose a maxmemory-policy"},
    Remedy{"MISCONF", "Redis cannot write its data to the disk: see its log"},
    Remedy{"ERR max number of clients reached", "raise maxclients in Redis"},
    Remedy{"ERR DB index is out of range", "REDIS_URL names a database that this Redis does not have"},
    Remedy{"ERR invalid DB index", "REDIS_URL names a database that this Redis does not have"},
};

}  // namespace

Error refusal(std::string_view said) {
  // A Redis that does not know a command repeats its arguments, which may be the password.
  said = said.substr(0, said.find(", with args beginning with"));
  Error error{
      .kind = Error::Kind::refused, .code = std::string(said.substr(0, said.find(' '))), .text = std::string(said)};
  const auto known =
      std::ranges::find_if(kRemedies, [said](const Remedy& one) { return said.starts_with(one.begins); });
  if (known != kRemedies.end()) error.text.append(": ").append(known->remedy);
  return error;
}

bool ends_connection(const Error& error) {
  return error.code == "READONLY" || error.code == "LOADING" || error.code == "MASTERDOWN" || error.code == "NOAUTH";
}

}  // namespace signalbox::redis
