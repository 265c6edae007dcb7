"""The Markdown report, in Korean and in English: the same tables, the same pictures."""

from . import bench_goals, bench_machine, bench_plan, bench_stats, bench_subjects, bench_svg, bench_table

_WORDS = {
    "en": {
        "title": "The servers side by side", "noisy": "**Warning: the machine was not quiet ({what}). These figures are not to be quoted.**",
        "load": "load {0} before the run", "steal": "{0} of the processor time was taken by others (steal)",
        "machine": "Machine", "goals": "Goals", "who": "Who was measured", "how": "How it was measured",
        "cpu": "processor", "cores": "cores", "kernel": "kernel", "compiler": "compiler", "commit": "commit", "date": "date", "loaded": "load before",
        "goal": "goal", "value": "measured (95 % interval)", "limit": "wanted", "verdict": "verdict", "why": "why",
        "met": "met", "not met": "**not met**", "not decidable": "not decidable at this noise", "not measured": "not measured",
        "rounds": "{0} rounds; {1} are needed", "cores_why": "{0} cores are needed", "zero": "the other is 0", "generator": "the load generator was the limit", "strained": "the load was not carried",
        "case": "case", "subject": "subject", "ratio": "ratio to {0} (95 %)", "remark": "remark", "exponent": "exponent of {0} over N: {1}",
        "way": ["Each client of a room hears every message; the load generator says them at a fixed rate and counts from the moment a message was due (open loop), so a server that is late cannot slow it down.",
                "All servers do the same work: the course's frames, cipher and protobuf messages, log-in, entering, chat. The peers accept every log-in; stage 07 has its own log-in (session keys in memory, the cheapest hash).",
                "{rounds} rounds, interleaved: in each everybody is measured once, and somebody else begins. Medians (lowest..highest); ratios are of medians, with the interval of a bootstrap (2,000 draws, seed {seed}). `{mode}`: {took} minutes of measuring. No thread is pinned to a core; the generator has {threads} threads.",
                "CPU is that of the whole process with the kernel's ksoftirqd threads. `>=`: the generator was the limit. `*`: the generator was late, and the latencies have that in them."],
        "left": "No time was left for: {0}.",
    },
    "ko": {
        "title": "나란히 잰 서버들", "noisy": "**경고: 조용한 컴퓨터가 아니었다({what}). 인용할 수 있는 수치가 아니다.**",
        "load": "실행 전 부하 {0}", "steal": "프로세서 시간의 {0}를 다른 곳이 가져감(steal)",
        "machine": "컴퓨터", "goals": "목표", "who": "무엇을 쟀는가", "how": "어떻게 쟀는가",
        "cpu": "프로세서", "cores": "코어", "kernel": "커널", "compiler": "컴파일러", "commit": "커밋", "date": "날짜", "loaded": "실행 전 부하",
        "goal": "목표", "value": "측정값 (95 % 구간)", "limit": "기준", "verdict": "판정", "why": "이유",
        "met": "달성", "not met": "**미달**", "not decidable": "이 잡음에서는 판정할 수 없음", "not measured": "재지 않음",
        "rounds": "{0}라운드뿐, {1}라운드가 필요", "cores_why": "코어 {0}개가 필요", "zero": "비교 대상이 0", "generator": "부하 생성기가 한계", "strained": "부하를 감당하지 못한 실행",
        "case": "조건", "subject": "대상", "ratio": "{0} 대비 비율 (95 %)", "remark": "비고", "exponent": "N에 대한 {0}의 지수: {1}",
        "way": ["룸의 모든 클라이언트가 모든 메시지를 듣는다. 부하 생성기는 정해진 속도로 말하고 메시지를 보내기로 한 시각부터 잰다(열린 루프). 그래서 서버가 늦어도 생성기는 느려지지 않는다.",
                "모든 서버가 같은 일을 한다. 강의의 프레임과 암호, protobuf 메시지로 로그인, 입장, 채팅을 한다. 비교 대상 서버는 모든 로그인을 받아들이고, 07단계는 자기 로그인(메모리의 세션 키, 가장 싼 해시)을 쓴다.",
                "{rounds}라운드를 번갈아 쟀다. 라운드마다 모두를 한 번씩 재고 시작하는 대상을 바꾼다. 값은 중앙값(최소..최대)이고, 비율은 중앙값의 비율이며 구간은 부트스트랩(2,000번, 시드 {seed})으로 구했다. `{mode}`: 측정에 {took}분. 코어에 고정한 스레드는 없고, 생성기의 스레드는 {threads}개다.",
                "CPU는 프로세스 전체와 커널의 ksoftirqd 스레드를 합한 값이다. `>=`: 생성기가 한계였다. `*`: 생성기 자신이 늦었고 지연 시간에 그만큼이 들어 있다."],
        "left": "시간이 모자라 재지 못한 것: {0}.",
    },
}


def _row(cells):
    return "| " + " | ".join(str(c).replace("|", "\\|").replace("\n", " ") for c in cells) + " |"


def _grid(header, rows):
    return [_row(header), "|" + "---|" * len(header), *map(_row, rows), ""]


def noise_line(machine, lang="en", plain=False):
    """The warning; "" when the machine was quiet."""
    words = _WORDS[lang]
    what = ", ".join(words[word].format(figure) for word, figure in bench_machine.noise(machine))
    line = words["noisy"].format(what=what) if what else ""
    return line.replace("*", "") if plain else line


def why(verdict, lang):
    words, (word, _, figure) = _WORDS[lang], verdict.why.partition(":")
    if word == "rounds" and figure.isdigit():
        return words["rounds"].format(figure, verdict.goal.least_rounds)
    if word == "cores" and figure.isdigit():
        return words["cores_why"].format(figure)
    return words.get(word, verdict.why) if word in ("zero", "generator", "strained") else verdict.why


def measured(verdict):
    if verdict.value is None:
        return "-"
    if verdict.low == verdict.high:
        return bench_table.plain(verdict.value)
    return f"{bench_table.plain(verdict.value)} ({bench_table.plain(verdict.low)}..{bench_table.plain(verdict.high)})"


def goal_rows(verdicts, lang):
    words = _WORDS[lang]
    return [[v.goal.id, v.goal.text[lang], measured(v), f"{v.goal.op} {v.goal.limit:g}", words[v.word], why(v, lang)] for v in verdicts]


def page(table, verdicts, lang, pictures):
    """The text of the page. `pictures`: {measure: [file]}."""
    data, words, machine = table.data, _WORDS[lang], table.data["machine"]
    out = [noise_line(machine, lang), ""] if noise_line(machine, lang) else []
    out += [f"# {words['title']}", ""]
    out += [f"## {words['machine']}", ""]
    keys = ("cpu", "cores", "kernel", "compiler", "commit", "date")
    out += _grid([words[k] for k in keys] + [words["loaded"]], [[machine.get(k, "") for k in keys] + [f"{machine.get('load', 0):.2f}"]])
    out += [f"## {words['how']}", ""]
    told = {"rounds": data["rounds"], "seed": data["seed"], "mode": data["mode"], "took": f"{data['took'] / 60:.1f}", "threads": data["threads"]}
    out += [line for text in words["way"] for line in (text.format(**told), "")]
    out += [words["left"].format(", ".join(data["left_out"])), ""] if data.get("left_out") else []
    out += [f"## {words['goals']}", ""]
    out += _grid(["", words["goal"], words["value"], words["limit"], words["verdict"], words["why"]], goal_rows(verdicts, lang))
    for measure in table.measures():
        out += [f"## {measure.title[lang]}", ""]
        out += _grid([words["case"], words["subject"], *(bench_table.heading(f, lang) for f in measure.figures),
                      words["ratio"].format(measure.reference), words["remark"]], table.rows(measure))
        out += [words["exponent"].format(bench_table.heading(measure.figures[0], lang), text) + "\n" for text in [_exponents(table, measure)] if text]
        out += [f"![]({file})\n" for file in pictures.get(measure.name, [])]
    names = list(dict.fromkeys(c.subject for c in table.cells))
    out += [f"## {words['who']}", ""] + _grid([words["subject"], ""], [[n, bench_subjects.find(n).text[lang]] for n in names])
    return "\n".join(out).rstrip() + "\n"


def _exponents(table, measure):
    """"07 -0.12 (+- 0.03), .." where the measure has cases of several sizes."""
    found = []
    for subject in dict.fromkeys(c.subject for c in table.cells if c.measure == measure.name):
        points = table.points(measure.name, subject, measure.figures[0])
        fit = bench_stats.growth([n for n, _ in points], [v for _, v in points]) if len({n for n, _ in points}) > 2 else None
        if fit:
            found.append(f"{subject} {fit[0]:.2f} (+- {fit[1]:.2f})")
    return ", ".join(found)


def pictures(table):
    """({measure: [file]}, {file: SVG})."""
    names, files = {}, {}
    for measure in table.measures():
        figure, ours = measure.figures[0], ("07", "07-net", "port-echo")
        sizes = {n for c in table.cells if c.measure == measure.name for n, _ in table.points(measure.name, c.subject, figure)}
        if len(sizes) > 2:
            series = {}
            for subject in dict.fromkeys(c.subject for c in table.cells if c.measure == measure.name):
                points = table.points(measure.name, subject, figure)
                series[subject] = [(n, bench_stats.spread([v for m, v in points if m == n])[0]) for n in sorted({n for n, _ in points})]
            file = f"{measure.name}-growth.svg"
            files[file] = bench_svg.lines({k: v for k, v in series.items() if v and min(y for _, y in v) > 0}, "N", bench_table.heading(figure, "en"))
            names.setdefault(measure.name, []).append(file)
        for case in table.cases(measure):
            rows = [(s, *bench_stats.spread(v), s.partition("@")[0] in ours) for s in table.subjects(measure, case)
                    for v in [table.cell(measure.name, case, s).values(figure)] if v]
            if len(rows) > 1:
                file = f"{measure.name}-{case}.svg".replace(" ", "-").replace("=", "").replace("/", "-per-")
                files[file] = bench_svg.bars(rows, lambda v, f=figure: bench_table.number(f, v))
                names.setdefault(measure.name, []).append(file)
    return names, files


def write(table, verdicts, folder):
    """report.md, report.ko.md and the pictures; our older pictures go."""
    folder.mkdir(parents=True, exist_ok=True)
    names, files = pictures(table)
    for measure in bench_plan.MEASURES:
        for old in folder.glob(f"{measure}-*.svg"):
            old.unlink()
    for file, text in files.items():
        (folder / file).write_text(text, encoding="utf-8")
    for lang, file in (("en", "report.md"), ("ko", "report.ko.md")):
        (folder / file).write_text(page(table, verdicts, lang, names), encoding="utf-8")


def verdicts(table, goals):
    seed, cores = table.data["seed"], table.data["machine"].get("cores", 1)
    return [bench_goals.verdict(goal, table, seed, cores) for goal in goals]


def terminal(table, judged):
    """The lines for the terminal: the tables, then the goals."""
    from . import console
    out = []
    for measure in table.measures():
        figures = [bench_table.heading(f, "en") for f in measure.figures]
        out += [console.style(measure.title["en"], "bold"),
                console.table(table.rows(measure), ["case", "subject", *figures, f"ratio to {measure.reference}", ""]), ""]
    rows = [[v.goal.id, measured(v), f"{v.goal.op} {v.goal.limit:g}", v.word, why(v, "en")] for v in judged if v.word != bench_goals.MISSING]
    if rows:
        out += [console.style("goals", "bold"), console.table(rows, ["", "measured (95 %)", "wanted", "", ""])]
    missing = sum(v.word == bench_goals.MISSING for v in judged)
    return out + ([f"  {missing} goals were not measured in this run"] if missing else [])


def count(judged):
    """"3 met, 2 not met, .." of the verdicts."""
    words = (bench_goals.MET, bench_goals.NOT_MET, bench_goals.OPEN, bench_goals.MISSING)
    return ", ".join(f"{sum(v.word == w for v in judged)} {w}" for w in words)
