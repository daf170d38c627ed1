"use strict";
// What a user wrote is only ever set as textContent; there is no innerHTML here.
const DATA = JSON.parse(document.getElementById("data").textContent);
const ALL = -1;
const MOST_GROUPS = 20;
const MOST_COLORS = 10;
const MOST_LINES = 1000;
const PAGE_SIZE = 25;
const LONG = 140;
const ROW_HEIGHT = 52;
const NONE = "(none)";
const WAIT = "–";

// ---------------------------------------------------------------- elements

function make(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
        if (name in element && name !== "list") element[name] = value;
        else element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
}

// ---------------------------------------------------------------- what is chosen

// of each filter the numbers of the chosen values; none means all
const chosen = DATA.filters.map((filter) => new Set(filter.start === null ? [] : [filter.start]));

function isAll(index) {
    const size = chosen[index].size;
    return size === 0 || (size > 1 && size === DATA.filters[index].values.length);
}

function valueName(value) {
    return value === null ? NONE : value;
}

// ---------------------------------------------------------------- figures

const less = (a, b) => (a === null ? b : b === null || a <= b ? a : b);
const more = (a, b) => (a === null ? b : b === null || a >= b ? a : b);
const plus = (a, b) => (a === null ? b : b === null ? a : a + b);
const ADD = {sum: plus, mean: plus, min: less, max: more};

// rows of values in the order of the widget's fields; null where more are chosen than add up
function figures(widget) {
    const offset = widget.filters.length;
    const cells = (row, field) => field.at.map((at) => row[offset + at]);
    if (!widget.addsUp) {
        const wanted = [];
        for (const index of widget.filters) {
            if (isAll(index)) wanted.push(ALL);
            else if (chosen[index].size === 1) wanted.push([...chosen[index]][0]);
            else return null;
        }
        return widget.rows.filter((row) => wanted.every((code, at) => row[at] === code))
            .map((row) => widget.fields.map((field) => cells(row, field)[0]));
    }
    const groups = new Map();
    for (const row of widget.rows) {
        if (!widget.filters.every((index, at) => isAll(index) || chosen[index].has(row[at]))) continue;
        const parts = widget.fields.map((field) => cells(row, field));
        const key = JSON.stringify(parts.filter((_, number) => widget.fields[number].how === "group"));
        const before = groups.get(key);
        groups.set(key, !before ? parts : parts.map((values, number) => {
            const add = ADD[widget.fields[number].how];
            return add ? values.map((value, at) => add(before[number][at], value)) : values;
        }));
    }
    return [...groups.values()].map((parts) => parts.map((values, number) => {
        if (widget.fields[number].how !== "mean") return values[0];
        return values[1] ? values[0] / values[1] : null;
    }));
}

const PLAIN = new Intl.NumberFormat("en-US", {maximumFractionDigits: 2});

function shown(value, field = {}) {
    if (value === null || value === undefined) return WAIT;
    if (typeof value === "boolean") return value ? "yes" : "no";
    if (typeof value === "string") return isTime(value) ? value.slice(0, 16) : value;
    const format = field.format;
    if (!format) return PLAIN.format(value);
    const digits = {maximumFractionDigits: format.decimalPlaces.places};
    const style = format.type === "number-percent" ? "percent" : "decimal";
    const least = 10 ** -digits.maximumFractionDigits;
    // what is little is not nothing
    if (style === "decimal" && value > 0 && value < least / 2) return `< ${least}`;
    return new Intl.NumberFormat("en-US", {...digits, style}).format(value);
}

const FORMATS = {
    percent: {type: "number-percent", decimalPlaces: {places: 1}},
    cost: {type: "number-plain", decimalPlaces: {places: 4}},
};

function isTime(text) {
    return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text);
}

// ---------------------------------------------------------------- widgets

// a description ends with why there may be nothing
function description(widget) {
    const at = widget.description.search(/\bEmpty\b/);
    return at < 0 ? [widget.description, ""] : [widget.description.slice(0, at).trim(), widget.description.slice(at)];
}

function emptyText(widget) {
    const isNarrowed = widget.filters.some((index) => !isAll(index));
    const text = isNarrowed ? "No rows for what is chosen." : "No rows.";
    return `${text} ${description(widget)[1]}`.trim();
}

const NOT_ADDITIVE = "Not additive: choose all or one. Such a figure is no sum of its parts.";

function drawCounter(widget, body) {
    const rows = figures(widget);
    const field = widget.fields[0];
    if (rows === null) {
        body.append(make("div", {className: "value words", textContent: NOT_ADDITIVE}));
        return;
    }
    const value = rows.length ? rows[0][0] : field.none;
    body.append(make("div", {className: "value", textContent: shown(value, field)}));
}

function byRole(widget) {
    const roles = {};
    widget.fields.forEach((field, number) => { roles[field.role] = {...field, number}; });
    return roles;
}

function asVega(value, field) {
    if (field.how === "group" && value === null) return NONE;
    if (field.scale === "temporal" && value !== null) return Date.parse(`${value.replace(" ", "T")}${value.includes(" ") ? "" : "T00:00:00"}Z`);
    return value;
}

// the groups of a field with the greatest figures, the greatest first
function greatest(rows, at, measure) {
    const totals = new Map();
    for (const row of rows) totals.set(row[at], (totals.get(row[at]) || 0) + (row[measure] || 0));
    return [...totals.keys()].sort((a, b) => totals.get(b) - totals.get(a));
}

// areas lie on each other: where one has no row, it is 0 high
function filled(rows, x, color, measure) {
    const known = new Set(rows.map((row) => JSON.stringify([row[x], row[color]])));
    const more = [];
    for (const place of new Set(rows.map((row) => row[x]))) {
        for (const group of new Set(rows.map((row) => row[color]))) {
            if (known.has(JSON.stringify([place, group]))) continue;
            const row = [];
            row[x] = place;
            row[color] = group;
            row[measure] = 0;
            more.push(row);
        }
    }
    return [...rows, ...more];
}

function vegaSpec(widget, rows, height, notes) {
    const roles = byRole(widget);
    const isPie = widget.kind === "pie";
    const measure = Object.values(roles).find((role) => role.how !== "group").number;
    let kept = rows;
    const orders = {};
    for (const [role, most] of [["x", MOST_GROUPS], ["y", MOST_GROUPS], ["color", MOST_COLORS]]) {
        const field = roles[role];
        if (!field || field.how !== "group" || field.scale !== "categorical") continue;
        const order = greatest(kept, field.number, measure);
        if (order.length > (typeof order[0] === "number" ? 31 : most)) {
            const left = new Set(order.slice(0, most));
            kept = kept.filter((row) => left.has(row[field.number]));
            notes.push(`The ${most} greatest of ${order.length} are drawn; all are under Data.`);
        }
        const isNumber = order.every((value) => typeof value === "number" || value === null);
        orders[role] = (isNumber ? order.sort((a, b) => a - b) : order).map((value) => asVega(value, field)).slice(0, most === MOST_GROUPS ? 31 : most);
    }
    if (widget.kind === "area" && roles.color) kept = filled(kept, roles.x.number, roles.color.number, measure);
    const values = kept
        .map((row) => Object.fromEntries(widget.fields.map((field, at) => [`v${at}`, asVega(row[at], field)])))
        .filter((row) => widget.fields.every((field, at) => field.scale !== "temporal" || row[`v${at}`] !== null));
    const TYPES = {temporal: "temporal", categorical: "nominal", quantitative: "quantitative"};
    const percent = (field) => field.format && field.format.type === "number-percent";
    const encoding = {};
    for (const [role, field] of Object.entries(roles)) {
        const channel = isPie && role === "angle" ? "theta" : role;
        const one = {field: `v${field.number}`, type: TYPES[field.scale], title: field.title};
        if (orders[role]) one.sort = orders[role];
        if (field.scale === "temporal") one.scale = {type: "utc"};
        if (channel === "x" || channel === "y") {
            one.axis = {labelLimit: 180, labelOverlap: true};
            if (percent(field)) one.axis.format = ".0%";
            if (channel === "x" && field.scale === "categorical") one.axis.labelAngle = 0;
            if (field.scale === "quantitative") {
                one.axis.tickCount = 6;
                if (values.every((row) => Number.isInteger(row[one.field]))) one.axis.tickMinStep = 1;
            }
            if (field.scale === "temporal") Object.assign(one.axis, {tickCount: 6, format: "%b %d"});
        }
        if (channel === "color") {
            one.scale = {domain: orders.color, range: DATA.colors};
            // names beside bars leave less room below them
            const narrow = roles.y && roles.y.scale === "categorical" ? 1 : 2;
            one.legend = {orient: "bottom", columns: main.clientWidth < 600 ? narrow : 3, labelLimit: 150, title: null};
        }
        encoding[channel] = one;
    }
    encoding.tooltip = widget.fields.map((field, at) => ({
        field: `v${at}`, title: field.title, type: TYPES[field.scale],
        ...(field.scale === "temporal" ? {timeUnit: "utcyearmonthdate"} : {}),
        ...(percent(field) ? {format: ".1%"} : field.scale === "quantitative" ? {format: `,.${field.format ? field.format.decimalPlaces.places : 2}~f`} : {}),
    }));
    const single = new Set(values.map((row) => roles.x && row[`v${roles.x.number}`])).size < 2;
    const MARKS = {
        bar: {type: "bar", cornerRadiusEnd: 2},
        line: {type: "line", point: single || values.length < 40, strokeWidth: 2},
        area: {type: "area", opacity: 0.85, line: true, point: single},
        pie: {type: "arc", innerRadius: Math.max(20, height / 7)},
    };
    const mark = MARKS[widget.kind];
    const groups = orders.x || orders.y;
    if (widget.kind === "bar" && groups && groups.length < 4) mark.size = 48;
    if (!encoding.color) mark.color = DATA.colors[0];
    return {data: {values}, mark, encoding, width: "container", height, autosize: {type: "fit", contains: "padding"}};
}

function chartConfig() {
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(name).trim();
    const [text, soft, border] = [color("--text"), color("--soft"), color("--border")];
    return {
        background: null, font: "system-ui, sans-serif", view: {stroke: null},
        axis: {labelColor: soft, titleColor: soft, gridColor: border, domainColor: border, tickColor: border, titleFontWeight: "normal"},
        legend: {labelColor: text, titleColor: soft, symbolType: "square"},
    };
}

function dataTable(widget, rows) {
    const order = widget.fields.map((_, at) => at);
    const sorted = [...rows].sort((a, b) => {
        for (const at of order) {
            if (widget.fields[at].how === "group" && a[at] !== b[at]) return compare(a[at], b[at]);
        }
        return 0;
    });
    const head = make("tr", {}, ...widget.fields.map((field) => make("th", {scope: "col", className: "plain", textContent: field.title})));
    const lines = sorted.slice(0, MOST_LINES).map((row) => make("tr", {}, ...row.map((value, at) => make("td", {
        className: typeof value === "number" ? "number" : "",
        textContent: widget.fields[at].how === "group" ? shown(valueName(value)) : shown(value, widget.fields[at]),
    }))));
    const table = make("table", {}, make("caption", {className: "note", textContent: widget.title}), make("thead", {}, head), make("tbody", {}, ...lines));
    const label = rows.length > MOST_LINES ? `Data (${MOST_LINES} of ${rows.length} rows)` : `Data (${rows.length} rows)`;
    return make("details", {className: "data"}, make("summary", {textContent: label}), make("div", {className: "scroll", tabIndex: 0}, table));
}

function drawChart(widget, body) {
    const rows = figures(widget);
    if (rows === null || !rows.length || rows.every((row) => row.every((value, at) => widget.fields[at].how === "group" || value === null))) {
        body.append(make("div", {className: "empty", textContent: rows === null ? NOT_ADDITIVE : emptyText(widget)}));
        return null;
    }
    const height = Math.max(160, widget.position.height * ROW_HEIGHT - 70);
    const notes = [];
    const chart = make("div", {className: "chart", role: "img", "aria-label": `${widget.title}: ${widget.kind} chart; its figures are under Data`});
    const spec = vegaSpec(widget, rows, height, notes);
    body.append(chart);
    for (const note of new Set(notes)) body.append(make("p", {className: "note", textContent: note}));
    body.append(dataTable(widget, rows));
    return window.vegaEmbed(chart, {...spec, config: chartConfig()}, {actions: false, renderer: "svg", ast: false});
}

// ---------------------------------------------------------------- tables

function compare(a, b) {
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    if (typeof a === "string" && typeof b === "string") return a.localeCompare(b, "en");
    return a < b ? -1 : a > b ? 1 : 0;
}

function cell(value, kind) {
    const isNumber = ["integer", "float", "percent", "cost"].includes(kind);
    if (typeof value === "number" && isNumber) {
        const text = kind in FORMATS ? shown(value, {format: FORMATS[kind]}) : PLAIN.format(value);
        return make("td", {className: "number", textContent: text});
    }
    const text = shown(value);
    const isLong = text.length > LONG || (kind === "sql" && text.includes("\n"));
    if (!isLong) return make("td", {className: isNumber ? "number" : ["datetime", "date"].includes(kind) ? "time" : text.length > 40 ? "long" : "", textContent: text});
    const first = text.replace(/\s+/g, " ").slice(0, LONG - 40);
    const more = make("details", {}, make("summary", {textContent: `${first}…`}));
    // the whole text is put in when it is asked for: it can be 100,000 characters long
    more.addEventListener("toggle", () => {
        if (more.open && more.children.length === 1) more.append(make("pre", {className: kind === "sql" ? "" : "prose", textContent: text, tabIndex: 0}));
    });
    return make("td", {className: "long"}, more);
}

const tableStates = new Map();

function drawTable(widget, body) {
    const offset = widget.filters.length;
    const isChosen = (row) => widget.filters.every((index, at) => isAll(index) || chosen[index].has(row[at]));
    const rows = widget.rows.filter(isChosen).map((row) => row.slice(offset));
    const total = widget.totals.filter(isChosen).reduce((sum, row) => sum + row[offset], 0);
    if (!total) {
        body.append(make("div", {className: "empty", textContent: emptyText(widget)}));
        return;
    }
    const state = tableStates.get(widget.name) || {sort: null, down: false, search: "", page: 0};
    tableStates.set(widget.name, state);
    state.page = 0;
    const search = make("input", {type: "search", placeholder: "Search", value: state.search, "aria-label": `Search in ${widget.title}`});
    const status = make("span", {role: "status"});
    const back = make("button", {type: "button", textContent: "Back", "aria-label": `Previous rows of ${widget.title}`});
    const next = make("button", {type: "button", textContent: "Next", "aria-label": `Next rows of ${widget.title}`});
    const buttons = widget.columns.map((column, at) => make("button", {type: "button", textContent: column.title, onclick: () => {
        state.down = state.sort === at ? !state.down : false;
        state.sort = at;
        state.page = 0;
        show();
    }}));
    const isNumeric = (column) => ["integer", "float", "percent"].includes(column.kind);
    const heads = buttons.map((button, at) => make("th", {scope: "col", className: isNumeric(widget.columns[at]) ? "number" : ""}, button));
    const lines = make("tbody");
    const table = make("table", {"aria-label": widget.title}, make("thead", {}, make("tr", {}, ...heads)), lines);

    function show() {
        const words = state.search.toLowerCase();
        let found = words ? rows.filter((row) => row.some((value) => shown(value).toLowerCase().includes(words))) : rows;
        if (state.sort !== null) {
            found = [...found].sort((a, b) => (state.down ? -1 : 1) * compare(a[state.sort], b[state.sort]));
        }
        heads.forEach((head, at) => {
            head.setAttribute("aria-sort", state.sort !== at ? "none" : state.down ? "descending" : "ascending");
            buttons[at].textContent = widget.columns[at].title + (state.sort !== at ? "" : state.down ? " ▾" : " ▴");
        });
        const start = state.page * PAGE_SIZE;
        const here = found.slice(start, start + PAGE_SIZE);
        lines.replaceChildren(...here.map((row) => make("tr", {}, ...row.map((value, at) => cell(value, widget.columns[at].kind)))));
        const range = found.length ? `${PLAIN.format(start + 1)}–${PLAIN.format(start + here.length)} of ${PLAIN.format(found.length)} rows` : "no rows";
        const held = !rows.length ? `; the page holds none of ${PLAIN.format(total)}: they come after the first of all`
            : rows.length < total ? `; the page holds the first ${PLAIN.format(rows.length)} of ${PLAIN.format(total)}` : "";
        status.textContent = range + (words ? " that match" : "") + held;
        back.disabled = state.page === 0;
        next.disabled = start + PAGE_SIZE >= found.length;
    }
    search.addEventListener("input", () => { state.search = search.value; state.page = 0; show(); });
    back.addEventListener("click", () => { state.page -= 1; show(); });
    next.addEventListener("click", () => { state.page += 1; show(); });
    body.append(make("div", {className: "tools"}, search, status, back, next), make("div", {className: "scroll", tabIndex: 0, role: "region", "aria-label": widget.title}, table));
    show();
}

// ---------------------------------------------------------------- filters

function select(index, id) {
    const filter = DATA.filters[index];
    const options = filter.values.map((value, code) => make("option", {value: String(code), textContent: valueName(value), selected: chosen[index].has(code)}));
    if (filter.kind !== "parameter") options.unshift(make("option", {value: String(ALL), textContent: "all"}));
    return make("select", {id, onchange: (event) => {
        const code = Number(event.target.value);
        chosen[index] = new Set(code === ALL ? [] : [code]);
        draw();
    }}, ...options);
}

function boxes(index) {
    const filter = DATA.filters[index];
    const summary = make("summary");
    const tell = () => {
        const names = [...chosen[index]].map((code) => valueName(filter.values[code]));
        summary.textContent = `${filter.title}: ${isAll(index) ? "all" : names.join(", ")}`;
    };
    const labels = filter.values.map((value, code) => make("label", {}, make("input", {type: "checkbox", value: String(code), checked: chosen[index].has(code), onchange: (event) => {
        if (event.target.checked) chosen[index].add(code);
        else chosen[index].delete(code);
        tell();
        draw();
    }}), ` ${valueName(value)}`));
    const clear = make("button", {type: "button", textContent: "All", onclick: () => {
        chosen[index].clear();
        labels.forEach((label) => { label.firstChild.checked = false; });
        tell();
        draw();
    }});
    const list = make("fieldset", {"aria-label": filter.title}, clear, ...labels);
    const whole = make("details", {className: "many"}, summary, list);
    whole.addEventListener("keydown", (event) => {
        if (event.key === "Escape") { whole.open = false; summary.focus(); }
    });
    document.addEventListener("click", (event) => { if (!whole.contains(event.target)) whole.open = false; });
    tell();
    return whole;
}

// ---------------------------------------------------------------- pages

const DRAW = {counter: drawCounter, table: drawTable, bar: drawChart, line: drawChart, area: drawChart, pie: drawChart};
const main = document.getElementById("main");
const bodies = new Map();
let charts = [];
let current = null;

function frame(widget) {
    const place = widget.position;
    const element = make("section", {className: `widget ${widget.kind.startsWith("filter") ? "filter" : widget.kind}`, id: widget.name});
    element.style.gridColumn = `${place.x + 1} / span ${place.width}`;
    if (widget.kind === "text") {
        for (const line of widget.lines) {
            const text = line.trim();
            element.append(make(text.startsWith("## ") ? "h2" : "p", {textContent: text.replace(/^## /, "")}));
        }
    } else if (widget.kind.startsWith("filter")) {
        const id = `${widget.name}-choice`;
        element.append(make("label", {htmlFor: id, textContent: widget.title}), select(widget.filter, id));
    } else {
        const heading = make("h2", {id: `${widget.name}-title`, textContent: widget.title});
        element.setAttribute("aria-labelledby", heading.id);
        const body = make("div", {className: "body"});
        element.append(heading);
        const [told] = description(widget);
        if (told) element.append(make("p", {textContent: told}));
        element.append(body);
        bodies.set(widget.name, body);
    }
    return element;
}

function draw() {
    const drawing = charts;
    charts = [];
    for (const chart of drawing) chart.then((view) => view.finalize(), () => undefined);
    for (const widget of current.widgets) {
        const body = bodies.get(widget.name);
        if (!body) continue;
        body.replaceChildren();
        const chart = DRAW[widget.kind](widget, body);
        if (chart) charts.push(chart);
    }
    main.dataset.drawn = "";
    const mine = charts;
    Promise.all(charts).then(() => { if (mine === charts) main.dataset.drawn = current.name; });
}

function open(page, focus) {
    current = page;
    for (const one of DATA.pages) {
        const tab = document.getElementById(`tab-${one.name}`);
        const isOpen = one === page;
        tab.setAttribute("aria-selected", String(isOpen));
        tab.tabIndex = isOpen ? 0 : -1;
        if (isOpen && focus) tab.focus();
        if (isOpen) tab.scrollIntoView({block: "nearest", inline: "nearest"});
        const panel = document.getElementById(`page-${one.name}`);
        panel.hidden = !isOpen;
        if (isOpen && !panel.childNodes.length) panel.append(...one.widgets.map(frame));
    }
    draw();
    history.replaceState(null, "", `#${page.name}`);
}

function start() {
    document.getElementById("made").textContent = `As of ${DATA.made}`;
    const filters = document.getElementById("filters");
    DATA.filters.forEach((filter, index) => { if (filter.page === null) filters.append(boxes(index)); });
    const tabs = document.getElementById("tabs");
    for (const page of DATA.pages) {
        tabs.append(make("button", {type: "button", role: "tab", id: `tab-${page.name}`, "aria-controls": `page-${page.name}`, textContent: page.title, onclick: () => open(page, false)}));
        main.append(make("div", {className: "grid", role: "tabpanel", id: `page-${page.name}`, "aria-labelledby": `tab-${page.name}`, hidden: true}));
    }
    tabs.addEventListener("keydown", (event) => {
        const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
        const at = DATA.pages.indexOf(current);
        const last = DATA.pages.length - 1;
        const to = step ? (at + step + last + 1) % (last + 1) : {Home: 0, End: last}[event.key];
        if (to === undefined) return;
        event.preventDefault();
        open(DATA.pages[to], true);
    });
    const root = document.documentElement;
    const button = document.getElementById("theme");
    const paint = (theme) => {
        root.dataset.theme = theme;
        button.textContent = theme === "dark" ? "Light" : "Dark";
        button.setAttribute("aria-label", `Switch to ${theme === "dark" ? "light" : "dark"} colours`);
        if (current) draw();
    };
    button.addEventListener("click", () => paint(root.dataset.theme === "dark" ? "light" : "dark"));
    paint(window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    open(DATA.pages.find((page) => `#${page.name}` === location.hash) || DATA.pages[0], false);
}

start();
