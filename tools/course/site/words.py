"""What the site itself says, in both languages."""

WORDS = {
    "ko": {
        "course": "완료 포트 서버, 한 단계씩", "language": "English", "search": "검색", "searchHint": "제목과 본문에서 찾기 (/ 키)", "nothing": "찾은 것이 없다.",
        "theme": "밝게/어둡게", "menu": "차례", "skip": "본문으로", "start": "처음", "notes": "강의 노트", "watch": "포트를 보다", "watch_own": "내 트레이스", "watch_again": "같은 것을 터미널에서:", "cards": "강의 카드", "begin": "00장부터 읽기", "begin_task": "첫 과제", "begin_protocol": "프레임 해독기", "tasks": "과제", "museum": "버그 박물관", "diffs": "단계의 차이", "reference": "찾아보기", "slides": "슬라이드", "minutes": "분", "chapter": "장", "lecture": "강의 시간", "count": "장수", "keys": "s: 발표자 노트와 시계, f: 전체 화면, o: 한눈에 보기",
        "before": "앞", "after": "다음", "line": "{n}줄부터", "stages": "단계:", "elsewhere": "그 단계의 코드는 이것과 다르다",
        "new_file": "{n}단계에는 없던 파일", "new_code": "{n}단계에는 없던 코드", "same": "{n}단계와 같다", "had": "{n}단계의 코드 보기",
        "answer": "과제 {t}의 답 보기 ({n}줄)", "right": "실수가 숨어 있는 코드다. 과제 {t}의 답 보기 ({n}줄)", "task": "과제 {t}",         "unified": "한 줄로 / 나란히", "note": "노트",         "noscript": "검색과 그림에는 JavaScript가 필요하다. 본문은 그대로 읽을 수 있다.",
    },
    "en": {
        "course": "Completion-port servers, step by step", "language": "한국어", "search": "Search", "searchHint": "in titles and text (key /)", "nothing": "Nothing found.",
        "theme": "light/dark", "menu": "Contents", "skip": "to the text", "start": "Start", "notes": "Lecture notes", "watch": "Watch the port", "watch_own": "A trace of your own", "watch_again": "The same from a terminal:", "cards": "Lesson cards", "begin": "read from chapter 00", "begin_task": "the first task", "begin_protocol": "frame decoder", "tasks": "Tasks", "museum": "Bug museum", "diffs": "Stage to stage", "reference": "Reference", "slides": "Slides", "minutes": "min", "chapter": "chapter", "lecture": "lecture", "count": "slides", "keys": "s: speaker notes with a clock, f: full screen, o: overview",
        "before": "before", "after": "next", "line": "from line {n}", "stages": "in the stages:", "elsewhere": "the code is another in that stage",
        "new_file": "a file that stage {n} did not have", "new_code": "code that stage {n} did not have", "same": "the same in stage {n}", "had": "show what stage {n} had here",
        "answer": "show the answer to {t} ({n} lines)", "right": "there is a mistake in this; show the answer to {t} ({n} lines)", "task": "task {t}",         "unified": "in one column / side by side", "note": "note",         "noscript": "Search and diagrams need JavaScript. The text can be read without.",
    },
}
