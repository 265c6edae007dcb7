"""The picture in a lesson card: layers from the real includes, arrows that do not follow from others, no circle."""

import unittest

from lesson_tree import LessonTree

from course import card, picture
from course.model import Repo


class PictureTest(LessonTree):
    def stage(self):
        return Repo(self.root).stages["02"]

    def test_layers(self):
        for path, layer in (("src/net/queue.h", "src/net"), ("src/services/db/writer.h", "src/services/db"),
                            ("src/services/login.cmake", "src/services"), ("support/options.h", "support"),
                            ("support/client/link.h", "support/client"), ("apps/chat_client/chat.cc", "apps"),
                            ("iocp/linux/port.cc", "iocp"), ("tests/02/unit_x.cc", None), ("CMakeLists.txt", None)):
            self.assertEqual(layer, picture.layer_of(path), path)

    def test_includes_with_and_without_src(self):
        self.write("02", "src/job/job.h", '#include "send/buffer.h"\n#include "proto.pb.h"\n')
        self.write("02", "src/send/buffer.h", '#include "node.h"\n#include "iocp/iocp.h"\n#include <vector>\n')
        self.write("02", "src/send/node.h", "\n")
        self.write("02", "src/proto/proto.proto", "\n")
        needs = picture.includes(self.stage())
        self.assertEqual({"src/send", "src/proto"}, needs["src/job"])
        self.assertEqual({"iocp"}, needs["src/send"])

    def test_arrows_that_follow_from_others_are_left_out(self):
        needs = {"a": {"b", "c"}, "b": {"c"}, "c": set()}
        self.assertEqual([("a", "b"), ("b", "c")], picture.arrows(needs))
        self.assertEqual((["a", "b", "c"], []), picture.order(needs))

    def test_a_circle_is_a_problem(self):
        self.write("02", "src/job/job.h", '#include "chat/room.h"\n')
        self.write("02", "src/chat/room.h", '#include "job/job.h"\n')
        self.assertIn("02_two: layers include each other in a circle: src/chat -> src/job -> src/chat", self.check("cards"))

    def test_the_card_is_stale_when_an_include_changes(self):
        marks = "<!-- steps -->\n<!-- /steps -->\n<!-- picture -->\n<!-- /picture -->\n"
        for number in ("01", "02"):
            for name in card.CARDS:
                self.write(number, name, marks)
        self.write("02", "src/chat/room.h", "\n")
        self.write("02", "src/send/buffer.h", "\n")
        self.course("check", "cards", "--fix")
        self.check("cards", code=0)
        self.assertNotIn("src_chat --> src_send", self.read("02", "README.md"))
        self.write("02", "src/chat/room.h", '#include "send/buffer.h"\n')
        self.assertIn("02_two/README.md: steps or picture are stale", self.check("cards"))
        self.course("check", "cards", "--fix")
        self.assertIn("  src_chat --> src_send\n", self.read("02", "README.md"))
        self.assertIn('["<b>1</b> The queue<br/>queue.h"]:::step', self.read("02", "README.md"))

    def test_a_card_without_the_marks(self):
        self.write("02", "README.md", "no marks\n")
        self.assertIn("02_two/README.md has no <!-- picture -->", self.check("cards"))


if __name__ == "__main__":
    unittest.main()
