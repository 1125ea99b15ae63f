// Draws the charts of a page. The numbers are in the page (JSON beside each figure) and in its table,
// so nothing is lost where this does not run. The library is fetched when a chart comes into view.
// Canvas, not SVG, and tips as drawn text: both else need inline styles, which our policy forbids.
(function () {
  "use strict";
  const library = document.currentScript.dataset.library;
  const figures = Array.from(document.querySelectorAll("[data-chart]"));
  if (!figures.length) { return; }
  const PAPER = { ink: "#000", soft: "#333", line: "#999", surface: "#fff", red: "#000", bars: ["#333", "#999", "#666"], expected: "#eee" };
  const drawn = new Map();
  let loading = null;

  const screen = () => {
    const style = getComputedStyle(document.documentElement);
    const get = (name) => style.getPropertyValue("--jx-" + name).trim();
    return {
      ink: get("ink"), soft: get("soft"), line: get("line"), surface: get("surface"), red: get("red"),
      bars: [get("step4"), get("step2"), get("step3")], expected: get("grey-soft"),
    };
  };

  const load = () => {
    loading = loading || new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = library;
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
    });
    return loading;
  };

  // The next round number with a little air over the highest bar and the target.
  const above = (number) => {
    const unit = 10 ** Math.floor(Math.log10(number * 1.05)) / 2;
    return Math.ceil(number * 1.05 / unit) * unit;
  };

  const option = (data, colours, width) => {
    const lines = width < 480 && data.series.length > 3 ? 2 : 1; // of the legend
    const text = { color: colours.soft, fontFamily: getComputedStyle(document.body).fontFamily };
    let place = 0;
    const series = data.series.map((each) => ({
      name: each.name, type: "bar", stack: "all", barMaxWidth: 56, data: each.values, animation: false,
      itemStyle: each.expected
        ? { color: colours.expected, borderColor: colours.soft, borderType: "dashed", borderWidth: 1 }
        : { color: colours.bars[place++ % colours.bars.length] },
    }));
    if (data.target !== null && series.length) {
      series[0].markLine = {
        symbol: "none", silent: true, animation: false, data: [{ yAxis: data.target }],
        lineStyle: { color: colours.red, type: "solid", width: 1.5 },
        label: { formatter: "目标 " + data.target, position: "insideStartTop", color: colours.ink, fontFamily: text.fontFamily },
      };
    }
    return {
      animation: false, textStyle: text,
      aria: { enabled: true, label: { enabled: false }, decal: { show: true } },
      grid: { left: 8, right: 12, top: 16, bottom: 12 + 24 * lines, containLabel: true },
      legend: { bottom: 0, textStyle: text, selectedMode: false },
      tooltip: { trigger: "axis", renderMode: "richText", axisPointer: { type: "shadow" }, backgroundColor: colours.surface, borderColor: colours.line, textStyle: { ...text, color: colours.ink } },
      xAxis: { type: "category", data: data.labels, axisLine: { lineStyle: { color: colours.line } }, axisTick: { show: false }, axisLabel: text },
      yAxis: { type: "value", minInterval: 1, splitLine: { lineStyle: { color: colours.line } }, axisLabel: { ...text, showMaxLabel: false }, max: (value) => above(Math.max(value.max, data.target || 0, 1)) },
      series: series,
    };
  };

  const draw = (figure) => {
    const data = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
    const chart = window.echarts.init(figure.querySelector(".jx-chart-box"), null, { renderer: "canvas" });
    chart.setOption(option(data, screen(), chart.getWidth()));
    drawn.set(chart, data);
    new ResizeObserver(() => chart.resize()).observe(figure);
    figure.dataset.drawn = "yes";
  };

  const again = (colours) => {
    drawn.forEach((data, chart) => { chart.resize(); chart.setOption(option(data, colours, chart.getWidth())); });
  };

  const seen = new IntersectionObserver((entries) => {
    entries.filter((entry) => entry.isIntersecting).forEach((entry) => {
      seen.unobserve(entry.target);
      load().then(() => draw(entry.target), () => { entry.target.hidden = true; });
    });
  }, { rootMargin: "200px" });
  figures.forEach((figure) => seen.observe(figure));

  new MutationObserver(() => again(screen())).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  window.addEventListener("beforeprint", () => again(PAPER));
  window.addEventListener("afterprint", () => again(screen()));
})();
