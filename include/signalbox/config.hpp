#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace signalbox {

/// The event names of the system, as clients know them.
namespace events {
inline constexpr char authenticated[] = "authenticated";
inline constexpr char unauthorized[] = "unauthorized";
inline constexpr char user_online[] = "user_online";
inline constexpr char user_offline[] = "user_offline";
inline constexpr char job_progress[] = "job_progress";
inline constexpr char job_completed[] = "job_completed";
inline constexpr char job_failed[] = "job_failed";
inline constexpr char token_expiring[] = "token_expiring";
inline constexpr char authenticate[] = "authenticate";
}  // namespace events

/// A setting is missing, does not parse or is out of range. what() names it, its value (unless secret) and what is
/// allowed.
struct ConfigError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A flag that no setting has, or one without its value: wrong use, and not a wrong value.
struct UnknownFlag : ConfigError {
  using ConfigError::ConfigError;
};

enum class AuthFailure : std::uint8_t { unauthorized, connect_error };

/// Every setting. docs/configuration.md has the table; from_env() reads the environment over `.env` in the working
/// directory.
struct Config {
  std::uint16_t port = 3000;
  bool listen = true;  ///< off: no port; what the service serves comes by adopt() and handle() alone
  std::string host;    ///< empty: all addresses; a name: all of its; "localhost": loopback, both families
  std::string jwt_secret;
  std::string cors_origin;  ///< comma-separated origins, or "*"; empty: no CORS headers
  std::string api_key;
  std::string log_level = "info";
  std::string log_format = "text";
  unsigned threads = 0;  ///< 0: the cores
  std::string path = "/socket.io/";

  std::chrono::milliseconds ping_interval{25000};
  std::chrono::milliseconds ping_timeout{20000};
  std::chrono::milliseconds connect_timeout{45000};
  std::chrono::milliseconds upgrade_timeout{10000};
  std::chrono::milliseconds header_timeout{10000};
  std::chrono::milliseconds body_timeout{30000};
  std::chrono::milliseconds idle_timeout{30000};
  std::chrono::milliseconds ack_timeout{10000};
  std::size_t max_payload_bytes = 1'000'000;
  std::size_t json_depth = 128;
  std::size_t polling_max_packets = 16;

  // Who a user is
  std::chrono::seconds jwt_leeway{0};
  bool require_exp = false;
  std::vector<std::string> user_id_claims{"id", "userId", "sub"};
  bool token_in_query = false;
  AuthFailure auth_failure = AuthFailure::unauthorized;

  // Presence
  bool presence_events = true;
  std::chrono::milliseconds presence_grace{5000};

  // What is kept of jobs (docs/delivery.md)
  std::string data_dir = "./signalbox-data";  ///< empty: outcomes do not outlive the process
  std::chrono::milliseconds outcome_ttl{24 * 3600 * 1000};
  std::chrono::milliseconds progress_ttl{3600 * 1000};
  std::chrono::milliseconds outcome_replay{600 * 1000};
  std::size_t jobs_per_user = 200;
  std::size_t unread_outcomes_per_user = 10'000;
  std::size_t ledger_total_bytes = 256u << 20;
  std::size_t unread_total_bytes = 0;  ///< 0: as ledger_total_bytes
  std::size_t store_queue_bytes = 64u << 20;
  std::chrono::milliseconds store_timeout{5000};
  bool outcome_acks = false;  ///< not with recovery_window

  // Socket.IO's connection state recovery (docs/delivery.md)
  std::chrono::milliseconds recovery_window{0};  ///< 0: off, as in Socket.IO
  std::size_t recovery_bytes_per_user = 1u << 20;
  std::size_t recovery_total_bytes = 64u << 20;

  // How it ends
  std::chrono::milliseconds shutdown_delay{0};
  std::chrono::milliseconds drain{5000};
  std::chrono::milliseconds restart_grace{10000};

  bool serve_client = true;

  // Limits (docs/security.md)
  std::size_t max_connections = 0;                  ///< 0: as many as descriptors leave, at most 2^20
  std::size_t max_unauthenticated = 0;              ///< 0: a tenth of max_connections, at least 1000
  std::size_t max_unauthenticated_per_address = 0;  ///< 0: no limit
  std::size_t max_pending_logins = 10'000;          ///< which wait for a middleware of the application
  std::size_t max_connections_per_user = 500;       ///< 0: no limit
  std::size_t max_head_bytes = 16 * 1024;
  std::size_t max_head_fields = 100;
  std::size_t polling_max_received = 1000;
  std::size_t max_namespaces = 10;
  std::size_t max_event_name_bytes = 256;
  std::size_t max_attachments = 10;
  std::chrono::milliseconds attachments_timeout{30000};
  std::uint32_t max_fragments = 1024;
  std::size_t total_partial_bytes = 64u << 20;
  std::size_t preauth_message_bytes = 16 * 1024;
  std::size_t preauth_heads_bytes = 32u << 20;  ///< of all sessions without a login; each thread has its part
  std::size_t client_events_per_s = 200;        ///< 0: off
  std::size_t max_pending_acks = 1000;
  std::size_t send_queue_bytes = 1u << 20;
  std::size_t total_queue_bytes = 256u << 20;
  std::size_t mailbox_messages = 100'000;
  std::chrono::milliseconds tcp_user_timeout{30000};

  /// Environment over `.env` in the working directory over the defaults. Throws ConfigError.
  static Config from_env();
  /// Flags over environment over `.env`. `arguments` are those after the command's name, such as {"--port", "3001"}.
  /// Throws ConfigError, and of its kinds UnknownFlag for a flag that there is not.
  static Config from_arguments(const std::vector<std::string>& arguments);
  /// Takes the settings' flags and their values out of `arguments` (up to a "--") and returns them; what a program has
  /// of its own stays.
  static std::vector<std::string> take_flags(std::vector<std::string>& arguments);
  /// Every setting with its flag, unit, default and range, as lines for a terminal (`signalbox --help`).
  static std::string help();
  /// The same as a Markdown table (docs/configuration.md).
  static std::string markdown_table();
};

}  // namespace signalbox
