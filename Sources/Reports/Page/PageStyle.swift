/// What every page looks like and does: the same in the light and in the dark, on a phone, on paper.
enum PageStyle {
  static var sheet: String {
    """
    :root { color-scheme: light dark; \(variables(\.light)) --box: #f6f8fa; }
    @media (prefers-color-scheme: dark) { :root { \(variables(\.dark)) --box: #1d2329; } }
    @media print { :root { color-scheme: light; \(variables(\.light)) --box: #f6f8fa; } }
    * { box-sizing: border-box; }
    body { margin: 0 auto; padding: 0 16px 48px; max-width: 1320px; background: var(--paper); color: var(--text);
      font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif;
      overflow-wrap: anywhere; }
    h1 { font-size: 24px; line-height: 1.25; margin: 24px 0 4px; }
    h2 { font-size: 18px; margin: 36px 0 12px; padding-bottom: 6px; border-bottom: 1px solid var(--grid); }
    h3 { font-size: 15px; margin: 16px 0 6px; }
    nav { margin: 12px 0; }
    nav a { display: inline-block; margin: 0 14px 4px 0; color: var(--s0); text-decoration: none; }
    nav a:hover { text-decoration: underline; }
    p { margin: 6px 0; }
    .note, .name { color: var(--faint); font-size: 13px; }
    .tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 10px; margin: 14px 0; }
    .tiles > div { background: var(--box); border-radius: 8px; padding: 10px 12px; }
    .tiles b { display: block; font-size: 19px; font-variant-numeric: tabular-nums; }
    .tiles .name { display: block; line-height: 1.35; }
    .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 390px), 1fr)); gap: 16px;
      align-items: start; }
    .wide { grid-template-columns: repeat(auto-fill, minmax(min(100%, 560px), 1fr)); }
    figure { margin: 0; position: relative; max-width: 640px; }
    figure.chart { border: 1px solid var(--grid); border-radius: 8px; padding: 6px; }
    figure svg { display: block; width: 100%; height: auto; font-family: inherit; }
    figcaption { font-size: 12px; line-height: 1.3; color: var(--faint); padding-top: 3px; }
    .pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(92px, 1fr)); gap: 12px 10px; }
    .pictures figure { max-width: 160px; }
    .pictures img, .pictures svg { width: 100%; display: block; image-rendering: pixelated; border-radius: 4px;
      background: var(--box); }
    .pictures img + img { margin-top: 3px; }
    .generated img { width: min(100%, 420px); image-rendering: pixelated; border-radius: 6px; }
    .pictures .wrong figcaption { color: var(--s4); }
    .table { overflow-x: auto; max-width: 100%; }
    table { border-collapse: collapse; font-size: 13.5px; overflow-wrap: normal; }
    th, td { padding: 4px 8px 4px 0; text-align: left; border-bottom: 1px solid var(--grid); vertical-align: top; }
    th { color: var(--faint); font-weight: 500; white-space: nowrap; }
    .n { text-align: right; font-variant-numeric: tabular-nums; padding: 4px 0 4px 12px; white-space: nowrap; }
    .grid .n { padding-left: 8px; }
    .best td { font-weight: 600; }
    pre { background: var(--box); border-radius: 8px; padding: 12px; overflow-x: auto; font-size: 12.5px;
      line-height: 1.45; white-space: pre-wrap; }
    .finding { background: var(--box); border-left: 4px solid var(--s1); border-radius: 6px; padding: 8px 14px;
      margin: 10px 0; max-width: 860px; }
    .fine { border-left-color: var(--s2); }
    details { margin: 10px 0; }
    summary { cursor: pointer; color: var(--s0); }
    #tip { position: absolute; z-index: 9; pointer-events: none; background: var(--paper); color: var(--text);
      border: 1px solid var(--grid); border-radius: 6px; padding: 5px 9px; font-size: 12px; line-height: 1.45;
      box-shadow: 0 2px 8px #0003; white-space: nowrap; }
    #tip i { display: inline-block; width: 9px; height: 9px; border-radius: 50%; margin-right: 5px; }
    @media (max-width: 480px) { .n { padding-left: 8px; } th, td { padding-right: 8px; } table { font-size: 12.5px; }
      .pictures { grid-template-columns: repeat(auto-fill, minmax(76px, 1fr)); } }
    @media print { nav, #tip { display: none; } body { max-width: none; padding: 0; font-size: 12px; }
      figure, tr, .finding { break-inside: avoid; } h2, h3, .note { break-after: avoid; }
      table { font-size: 10.5px; } .n { padding-left: 6px; } .table { overflow: visible; }
      .grid { grid-template-columns: repeat(2, 1fr); } }
    """
  }

  private static func variables(_ colour: KeyPath<(name: String, light: String, dark: String), String>) -> String {
    Ink.palette.map { "--\($0.name): #\($0[keyPath: colour]);" }.joined(separator: " ")
  }

  /// Shows, beside the pointer, the points of each series that stand nearest to it. Texts are set as text.
  static let script = """
    (() => {
      const tip = document.getElementById("tip");
      for (const chart of document.querySelectorAll("[data-hover]")) {
        const svg = chart.querySelector("svg"), series = JSON.parse(chart.dataset.hover);
        const hide = () => { tip.hidden = true; };
        chart.addEventListener("pointermove", event => {
          const box = svg.getBoundingClientRect(), scale = svg.viewBox.baseVal.width / box.width;
          const x = (event.clientX - box.left) * scale, y = (event.clientY - box.top) * scale;
          const found = [];
          for (const [name, ink, points] of series) {
            let best = null, least = 1e9;
            for (const point of points) {
              const far = Math.abs(point[0] - x) + Math.abs(point[1] - y) / 1000;
              if (far < least) { least = far; best = point; }
            }
            if (best && least < 14) found.push([name, ink, best]);
          }
          if (!found.length) return hide();
          tip.replaceChildren();
          const heads = new Set(found.map(([, , point]) => point[2]));
          if (heads.size == 1) tip.append(found[0][2][2], document.createElement("br"));
          for (const [name, ink, point] of found.slice(0, 12)) {
            const dot = document.createElement("i");
            dot.style.background = `var(--${ink})`;
            tip.append(dot, (name ? name + " " : "") + point[3] + (heads.size > 1 ? "  (" + point[2] + ")" : ""),
              document.createElement("br"));
          }
          tip.hidden = false;
          const room = document.documentElement.clientWidth + scrollX - tip.offsetWidth - 6;
          tip.style.left = Math.max(scrollX + 4, Math.min(event.pageX + 14, room)) + "px";
          tip.style.top = (event.pageY + 16) + "px";
        });
        chart.addEventListener("pointerleave", hide);
      }
    })();
    """
}
