import { WS_EVENTS } from "./index.js";

export { WS_EVENTS };
export default WS_EVENTS;
