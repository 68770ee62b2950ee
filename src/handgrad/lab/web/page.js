/** The page: the lab in the whole window, its state in the address. */

import lab from "./app.js";
import { asset, facts } from "./assets.js";
import { PageState } from "./host.js";

const state = new PageState();
const el = document.getElementById("lab");
if (el) {
  lab.render({ model: state, el });
  Promise.all([asset("model.safetensors"), facts()]).then(
    ([bytes, { model_name }]) => {
      if (state.get("model_file")) return; // a file was dropped meanwhile
      state.set("network_name", model_name);
      state.set("model_file", bytes);
    },
    (error) => state.set("failed", error.message),
  );
}
