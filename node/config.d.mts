import { WS_EVENTS } from "./index.mjs";

export { WS_EVENTS };
export default WS_EVENTS;
