import { useEffect, useState } from "react";
import { logIn } from "./server.js";

export function Login({ ended, entered }) {
  const [key, setKey] = useState("");
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState(ended ? "Your login has ended. Log in again." : null);
  useEffect(() => void (document.title = "Log in – Signalbox admin"), []);

  const submit = async (event) => {
    event.preventDefault();
    setAsking(true);
    setProblem(null); // or a screen reader would not hear the same sentence twice
    try {
      await logIn(key);
      entered();
    } catch (error) {
      setProblem(sentenceOf(error));
      setAsking(false);
    }
  };
  return (
    <main className="login">
      <form className="card" onSubmit={submit} aria-labelledby="login-title">
        <img src="./assets/admin.svg" alt="" width="48" height="48" />
        <h1 id="login-title">Signalbox admin</h1>
        <input type="text" autoComplete="username" value="admin" readOnly hidden />
        <label htmlFor="key">Admin key</label>
        <input id="key" type="password" autoComplete="current-password" required autoFocus aria-describedby="login-hint"
               value={key} onChange={(event) => setKey(event.target.value)} />
        <p className="hint" id="login-hint">
          The server has it in its setting <code>ADMIN_KEY</code>.
        </p>
        <div role="alert">{problem && <p className="problem">{problem}</p>}</div>
        <button disabled={asking}>{asking ? "Asking …" : "Log in"}</button>
      </form>
    </main>
  );
}

function sentenceOf({ status, retryAfter, message }) {
  if (status === 401) return "This is not the admin key.";
  if (status === 429) return `Too many wrong keys from your address. Try again in ${retryAfter || 60} seconds.`;
  return message;
}
