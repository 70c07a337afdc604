#pragma once
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/jwt.hpp"

namespace signalbox::auth {

/// One token on its way through the checks of a login, step by step, in this order. A step says why it refuses; another
/// function of it says in words what was found. So a login and an explanation rest on the same checks.
class TokenReading {
 public:
  using Time = std::chrono::system_clock::time_point;
  using Error = std::optional<TokenError>;
  struct Step {
    std::string_view name;
    Error (TokenReading::*read)();
    std::string (TokenReading::*say)(Error error) const;
    bool others_need_it = false;
  };

  /// These outlive it.
  TokenReading(const JwtOptions& options, const HmacKey& key, std::string_view token, Time now)
      : options_(options), key_(key), token_(token), now_(now) {}

  /// When every step was passed.
  Identity identity() &&;

  static const std::array<Step, 8> kSteps;

 private:
  struct Member {
    std::string name;
    std::string_view value;
  };
  using Members = std::vector<Member>;

  Error read_form();
  Error read_algorithm();
  Error read_signature();
  Error read_claims();
  Error read_not_before();
  Error read_expiry();
  Error read_issued();
  Error read_user();

  std::string say_form(Error error) const;
  std::string say_algorithm(Error error) const;
  std::string say_signature(Error error) const;
  std::string say_claims(Error error) const;
  std::string say_not_before(Error error) const;
  std::string say_expiry(Error error) const;
  std::string say_issued(Error error) const;
  std::string say_user(Error error) const;

  static std::optional<Members> members_of(std::string_view text);
  static const Member* find(const Members& members, std::string_view name);
  double now_in_seconds() const;
  double leeway() const { return static_cast<double>(options_.leeway.count()); }
  std::string user_object() const;

  const JwtOptions& options_;
  const HmacKey& key_;
  std::string_view token_;
  Time now_;
  std::size_t claims_from_ = 0, signature_from_ = 0;  ///< in the token
  std::string header_text_{}, signature_{}, claims_text_{};
  Members header_{}, claims_{};
  std::optional<double> not_before_{}, expires_{}, issued_{};
  std::string_view user_claim_{};
  Identity identity_{};
};

}  // namespace signalbox::auth
