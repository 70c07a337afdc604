import { useRef, useState } from "react";
import { Cut } from "./parts.jsx";
import { pathOfUser, post } from "./server.js";
import { plural } from "./words.js";

/** Ends a user's connections, when a person has said so twice. `done` is called behind it. */
export function Disconnect({ id, sockets, nodes, done }) {
  const dialog = useRef(null);
  const [said, setSaid] = useState(null);
  const disconnect = async () => {
    dialog.current.close();
    try {
      const { disconnected } = await post(pathOfUser(id, "disconnect"));
      setSaid({ level: "good", words: `Disconnected: ${plural(disconnected, "socket")}.` });
    } catch (error) {
      setSaid({ level: "bad", words: error.message });
    }
    done();
  };
  return (
    <div className="row">
      <button className="danger" disabled={sockets === 0} onClick={() => dialog.current.showModal()}>
        Disconnect …
      </button>
      <p role="status" className={said?.level === "bad" ? "problem" : "hint"}>
        {said?.words}
      </p>
      <dialog ref={dialog} aria-label={`Disconnect ${id}?`}>
        <h2>
          Disconnect <Cut>{id}</Cut>?
        </h2>
        <p>This ends {plural(sockets, "socket")} on this node{nodes?.length > 1 && ", and none on other nodes"}. Browsers and apps do not connect again by themselves; a reload does.</p>
        <div className="row">
          <button className="quiet" autoFocus onClick={() => dialog.current.close()}>
            Cancel
          </button>
          <button className="danger" onClick={disconnect}>
            Disconnect
          </button>
        </div>
      </dialog>
    </div>
  );
}
