// The manual's search runs in a worker, and browsers start none for a page that was opened from a
// folder. There its script runs in a hidden frame of the page instead; elsewhere nothing changes.
// Zensical knows such a file by its name, and then loads none from another machine.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    #frame = document.createElement("iframe");
    #waiting = []; // messages for a script that is not there yet; null once it is

    constructor(address) {
      super();
      this.#frame.hidden = true;
      this.#frame.srcdoc = "<!doctype html><title>worker</title>";
      this.#frame.addEventListener("load", () => this.#start(String(address)), { once: true });
      document.body.append(this.#frame);
    }

    #start(address) {
      const inside = this.#frame.contentWindow;
      inside.postMessage = (data) => this.#tell(data);
      const script = inside.document.createElement("script");
      script.src = address;
      script.addEventListener("load", () => {
        const waiting = this.#waiting;
        this.#waiting = null;
        waiting.forEach((data) => this.postMessage(data));
      });
      inside.document.head.append(script);
    }

    // Messages are copied and come later, as they do between a page and a worker.
    #tell(data) {
      const event = new MessageEvent("message", { data: structuredClone(data) });
      setTimeout(() => {
        this.dispatchEvent(event);
        if (this.onmessage) this.onmessage(event);
      });
    }

    postMessage(data) {
      if (this.#waiting) {
        this.#waiting.push(data);
        return;
      }
      const inside = this.#frame.contentWindow;
      const event = new inside.MessageEvent("message", { data: inside.structuredClone(data) });
      setTimeout(() => inside.dispatchEvent(event));
    }

    terminate() {
      this.#frame.remove();
    }
  };
}
