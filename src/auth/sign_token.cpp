#include <signalbox/middleware/auth.hpp>

#include "auth/jwt.hpp"

namespace signalbox {

std::string sign_token(std::string_view claims, std::string_view secret) { return auth::sign_hs256(claims, secret); }

}  // namespace signalbox
